/// Base64 in the standard alphabet (https://www.rfc-editor.org/rfc/rfc4648#section-4).
public enum Base64 {
    /// The bytes that `text` encodes, padded or not; `nil` when it is not base64. Line breaks, and bits that are set in the unused
    /// part of the last digit, are refused.
    public static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let digits = digitCount(of: text) else { return nil }
        var accumulator: UInt32 = 0
        var bits = 0
        var result: [UInt8] = []
        result.reserveCapacity(digits * 6 / 8)
        for index in 0..<digits {
            guard let value = value(of: text[index]) else { return nil }
            accumulator = accumulator << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            result.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
            accumulator &= (1 << UInt32(bits)) - 1
        }
        return accumulator == 0 ? result : nil
    }

    /// Bytes that the encoding of `count` bytes takes.
    static func encodedCount(of count: Int, padded: Bool) -> Int {
        padded ? (count + 2) / 3 * 4 : (count * 4 + 2) / 3
    }

    /// Appends the encoding of `bytes` to `target`.
    static func append(_ bytes: UnsafeRawBufferPointer, padded: Bool, to target: inout [UInt8]) {
        target.append(addingCapacity: encodedCount(of: bytes.count, padded: padded)) { output in
            var index = 0
            while index + 3 <= bytes.count {
                let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
                for shift: UInt32 in [18, 12, 6, 0] { output.append(digit(group >> shift)) }
                index += 3
            }
            appendRest(UnsafeRawBufferPointer(rebasing: bytes[index...]), padded: padded, to: &output)
        }
    }

    private static func appendRest(_ rest: UnsafeRawBufferPointer, padded: Bool, to output: inout OutputSpan<UInt8>) {
        guard let first = rest.first else { return }
        let second = rest.count == 2 ? rest[1] : 0
        let group = UInt32(first) << 16 | UInt32(second) << 8
        output.append(digit(group >> 18))
        output.append(digit(group >> 12))
        if rest.count == 2 { output.append(digit(group >> 6)) }
        guard padded else { return }
        for _ in rest.count..<3 { output.append(UInt8(ascii: "=")) }
    }

    /// How many digits come before the padding, if their number and the padding's fit each other.
    private static func digitCount(of text: UnsafeRawBufferPointer) -> Int? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let padding = text.count - count
        guard count % 4 != 1, padding == 0 || text.count % 4 == 0 else { return nil }
        return count
    }

    private static func digit(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 0x3F)
        return switch value {
        case 0..<26: value + UInt8(ascii: "A")
        case 26..<52: value - 26 + UInt8(ascii: "a")
        case 52..<62: value - 52 + UInt8(ascii: "0")
        case 62: UInt8(ascii: "+")
        default: UInt8(ascii: "/")
        }
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension JSONWriter {
    /// Writes bytes as a string of base64.
    public mutating func write(base64 bytes: UnsafeRawBufferPointer, padded: Bool = true) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        Base64.append(bytes, padded: padded, to: &buffer)
        buffer.append(UInt8(ascii: "\""))
    }
}
