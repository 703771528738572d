import Secrets
import Testing

@testable import Accounts

@Suite("Session tokens")
struct TokenTests {
    private func text(_ token: SessionToken) -> String {
        token.text().withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    @Test("are cof_s_ and 43 characters, and read back as the same token")
    func roundTrip() throws {
        let token = SessionToken.random()
        let text = text(token)
        #expect(text.hasPrefix("cof_s_"))
        #expect(text.utf8.count == 49)
        let fromText = try #require(SessionToken(parsing: text))
        let fromBytes = try #require([UInt8](text.utf8).withUnsafeBytes { SessionToken(parsing: $0) })
        #expect(fromText.lookupHash == token.lookupHash)
        #expect(fromBytes.lookupHash == token.lookupHash)
        #expect(try fromText.sealingKey() == token.sealingKey())
    }

    @Test("are different every time, and so is everything derived from them")
    func difference() throws {
        let (first, second) = (SessionToken.random(), SessionToken.random())
        #expect(first.lookupHash != second.lookupHash)
        #expect(try first.sealingKey() != second.sealingKey())
    }

    @Test("have a lookup hash that is not their sealing key")
    func separation() throws {
        let token = SessionToken.random()
        #expect(try token.sealingKey().withUnsafeBytes { [UInt8]($0) } != token.lookupHash.bytes)
    }

    @Test("are refused in any other form")
    func strictness() throws {
        let valid = text(.random())
        let secret = String(valid.dropFirst(6))
        let shortened = String(valid.dropLast())
        let others = [
            "", "cof_s_", secret, "cof_r_\(secret)", "COF_S_\(secret)", "cof_s\(secret)", "\(valid)=", "\(valid)A",
            "\(valid)\n", " \(valid)", shortened, "\(shortened)+", "\(shortened)/", "\(shortened)é", "\(shortened)\0",
        ]
        for other in others { #expect(SessionToken(parsing: other) == nil, "\(other.utf8.count) characters") }
    }

    @Test("have exactly one text: stray bits in the last character are refused")
    func canonical() {
        let zero = "cof_s_" + String(repeating: "A", count: 43)
        #expect(SessionToken(parsing: zero) != nil)
        #expect(SessionToken(parsing: "\(zero.dropLast())B") == nil)
        #expect(SessionToken(parsing: "\(zero.dropLast())E") != nil)
    }

    @Test("are never printed")
    func redaction() {
        let token = SessionToken.random()
        var dumped = ""
        dump(token, to: &dumped)
        for output in [String(describing: token), String(reflecting: token), dumped] {
            #expect(output.contains("<redacted>"))
            #expect(!output.contains("cof_s_"))
        }
    }

    @Test("Every kind of token has a prefix of its own")
    func kinds() {
        #expect(Set(TokenKind.allCases.map { "\($0.prefix)" }).count == TokenKind.allCases.count)
        let secret = TransientBytes(count: 32) { $0.initializeMemory(as: UInt8.self, repeating: 1) }
        let research = TokenKind.research.text(for: secret)
        #expect(research.withUnsafeBytes { TokenKind.research.secret(in: $0) } != nil)
        #expect(research.withUnsafeBytes { TokenKind.session.secret(in: $0) } == nil)
    }
}
