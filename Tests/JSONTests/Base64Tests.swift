import CofferTesting
import JSON
import Testing

@Suite("Base64")
struct Base64Tests {
    private func encoded(_ bytes: [UInt8], padded: Bool = true) -> String {
        var writer = JSONWriter()
        bytes.withUnsafeBytes { writer.write(base64: $0, padded: padded) }
        return String(decoding: writer.finish().dropFirst().dropLast(), as: UTF8.self)
    }

    private func decoded(_ text: String) -> [UInt8]? {
        Array(text.utf8).withUnsafeBytes { Base64.decode($0) }
    }

    @Test(
        "The vectors of RFC 4648 hold in both directions, padded and not",
        arguments: [
            ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ])
    func vectors(plain: String, text: String) {
        let bytes = Array(plain.utf8)
        let unpadded = String(text.prefix { $0 != "=" })
        #expect(encoded(bytes) == text)
        #expect(encoded(bytes, padded: false) == unpadded)
        #expect(decoded(text) == bytes)
        #expect(decoded(unpadded) == bytes)
    }

    @Test("Random bytes come back")
    func roundTrip() {
        var random = SeededGenerator(seed: 64)
        for length in 0..<300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(decoded(encoded(bytes)) == bytes)
            #expect(decoded(encoded(bytes, padded: false)) == bytes)
        }
    }

    @Test(
        "What is not base64 is refused",
        arguments: [
            "A", "AAAAA", "A=", "A===", "=", "==", "====", "AA=", "AAA==", "AAAA=", "AAAA====", "AA=A", "A A=", "AA\n=",
            "Zm9v\n",
            "Zm-_", "Zh==", "Zm9=", "Zé==", "AA==AA==",
        ])
    func refused(text: String) {
        #expect(decoded(text) == nil)
    }
}
