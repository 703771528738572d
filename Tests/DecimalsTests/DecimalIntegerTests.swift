import Decimals
import Testing

@Suite("Whole numbers in decimal digits")
struct DecimalIntegerTests {
    private func text(_ value: Int64) -> String {
        var bytes = [UInt8](repeating: UInt8(ascii: "x"), count: DecimalInteger.longest)
        let length = bytes.withUnsafeMutableBufferPointer { DecimalInteger.put(value, into: $0.baseAddress!) }
        #expect(bytes[length...].allSatisfy { $0 == UInt8(ascii: "x") })
        return String(decoding: bytes[..<length], as: UTF8.self)
    }

    @Test("Every length has its digits, with and without a sign")
    func lengths() {
        var power: Int64 = 1
        for _ in 0..<19 {
            for value in [power - 1, power, power + 1, 7 * power + power / 3] {
                #expect(text(value) == "\(value)")
                #expect(text(-value) == "\(-value)")
            }
            power &*= 10
        }
        for value in [Int64.max, .min, .max - 1, .min + 1] { #expect(text(value) == "\(value)") }
    }
}
