import CSodium
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
        decode([UInt8](text.utf8), count: count)
    }

    private func decode(_ text: [UInt8], count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let isValid = bytes.withUnsafeMutableBytes { bytes in
            text.withUnsafeBytes { Base64URL.decode($0, into: bytes) }
        }
        return isValid ? bytes : nil
    }

    /// What libsodium makes of it. Where C's char is signed, 1.0.18 takes some bytes above 127 for digits.
    private func decodeBySodium(_ text: [UInt8], count: Int) -> [UInt8]? {
        guard text.allSatisfy({ $0 < 0x80 }) else { return nil }
        var bytes = [UInt8](repeating: 0, count: count)
        var written = 0
        let status = sodium_base642bin(
            &bytes, count, text.map(CChar.init), text.count, nil, &written, nil,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        return status == 0 && written == count ? bytes : nil
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

    @Test("takes the lengths that libsodium takes, and reads the same out of them", arguments: 0...40)
    func lengths(count: Int) {
        let text = [UInt8](encode(RandomBytes.make(count: count)).utf8)
        for length in 0...text.count + 4 {
            let text = text.prefix(length) + [UInt8](repeating: UInt8(ascii: "A"), count: max(0, length - text.count))
            #expect(decode([UInt8](text), count: count) == decodeBySodium([UInt8](text), count: count), "\(length)")
        }
    }

    @Test(
        "makes of every byte at every place what libsodium makes of it", arguments: [2, 3, 4, 6, 7, 8, 10, 11, 16, 43])
    func everyByte(length: Int) {
        let count = length * 6 / 8
        let canonical = [UInt8](encode(RandomBytes.make(count: count)).utf8)
        for position in 0..<length {
            for byte in UInt8.min...UInt8.max {
                var text = canonical
                text[position] = byte
                #expect(decode(text, count: count) == decodeBySodium(text, count: count), "\(text)")
            }
        }
    }

    @Test("makes of every pair of bytes what libsodium makes of it, stray bits among them")
    func everyPair() {
        var differing: [[UInt8]] = []
        for first in UInt8.min...UInt8.max {
            for second in UInt8.min...UInt8.max {
                let text = [first, second]
                if decode(text, count: 1) != decodeBySodium(text, count: 1) { differing.append(text) }
            }
        }
        #expect(differing.isEmpty)
    }

    @Test("knows 64 characters and no other byte")
    func alphabetIsAll() {
        let known = (UInt8.min...UInt8.max).filter { decode([0x41, 0x41, 0x41, $0], count: 3) != nil }
        #expect(Set(known) == Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8))
    }
}
