import Secrets
import Testing

@Suite("Redaction")
struct RedactionTests {
    private static let marker = [UInt8]("markermarkermarkermarkermarker!!".utf8)

    private static func secrets() throws -> [any Sendable] {
        [
            try GuardedBytes(copying: marker),
            TransientBytes(count: marker.count) { $0.copyBytes(from: marker) },
            try Password(copying: marker),
        ]
    }

    private func leaks(_ text: String) -> Bool {
        // As text, as a list of numbers, and as hexadecimal.
        text.contains("marker") || text.contains("109, 97, 114") || text.lowercased().contains("6d61726b")
    }

    @Test("keeps secrets out of printing, reflecting, dumping and interpolation")
    func redacted() throws {
        for secret in try Self.secrets() {
            var dumped = ""
            dump(secret, to: &dumped)
            let texts = [String(describing: secret), String(reflecting: secret), "\(secret)", dumped]
            for text in texts {
                #expect(text.contains("<redacted>"))
                #expect(!leaks(text))
            }
            #expect(Mirror(reflecting: secret).children.isEmpty)
        }
    }

    @Test("holds for a secret inside of another value")
    func nested() throws {
        struct Holder { let name = "holder", password: Password }
        let holder = Holder(password: try Password(copying: Self.marker))
        var dumped = ""
        dump(holder, to: &dumped)
        for text in [String(describing: holder), String(reflecting: holder), dumped] {
            #expect(text.contains("holder"))
            #expect(!leaks(text))
        }
    }
}
