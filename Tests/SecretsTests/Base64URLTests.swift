import Secrets
import Testing

@Suite("Base64url")
struct Base64URLTests {
    private func encode(_ bytes: [UInt8]) -> String {
        var text = [UInt8](repeating: 0, count: Base64URL.encodedCount(of: bytes.count))
        text.withUnsafeMutableBytes { text in bytes.withUnsafeBytes { Base64URL.encode($0, into: text) } }
        return String(decoding: text, as: UTF8.self)
    }

    private func decode(_ text: String, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let isValid = bytes.withUnsafeMutableBytes { bytes in
            [UInt8](text.utf8).withUnsafeBytes { Base64URL.decode($0, into: bytes) }
        }
        return isValid ? bytes : nil
    }

    /// Vectors: https://www.rfc-editor.org/rfc/rfc4648#section-10, without their padding.
    @Test(
        "encodes and decodes the vectors of RFC 4648",
        arguments: [("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("foobar", "Zm9vYmFy")])
    func vectors(plain: String, text: String) {
        #expect(encode([UInt8](plain.utf8)) == text)
        #expect(decode(text, count: plain.utf8.count) == [UInt8](plain.utf8))
    }

    @Test("uses the two URL-safe characters")
    func alphabet() {
        #expect(encode([0xFB, 0xFF, 0xFE]) == "-__-")
        #expect(decode("-__-", count: 3) == [0xFB, 0xFF, 0xFE])
    }

    @Test("gives 43 characters for 32 bytes and reads every one back")
    func tokens() {
        for _ in 0..<100 {
            let bytes = RandomBytes.make(count: 32)
            let text = encode(bytes)
            #expect(text.utf8.count == 43)
            #expect(decode(text, count: 32) == bytes)
        }
    }

    @Test(
        "refuses every text but the canonical one",
        arguments: [
            ("Zg==", 1), ("Zh", 1), ("Zm9=", 2), ("Z", 1), ("Zm9v", 2), ("Zm9v", 4), ("Zm 9v", 3), ("Zm9v\n", 3),
            ("+/+/", 3), ("Zm9\0", 3), ("Zmé", 3), ("Zm8", 3),
        ])
    func strictness(text: String, count: Int) {
        #expect(decode(text, count: count) == nil)
    }

    @Test("knows 64 characters and no other byte")
    func everyByte() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min...UInt8.max {
            for position in 0..<4 {
                var text = [UInt8]("AAAA".utf8)
                text[position] = byte
                var bytes = [UInt8](repeating: 0, count: 3)
                let isValid = bytes.withUnsafeMutableBytes { bytes in
                    text.withUnsafeBytes { Base64URL.decode($0, into: bytes) }
                }
                #expect(isValid == alphabet.contains(byte), "byte \(byte) at \(position)")
            }
        }
    }
}
