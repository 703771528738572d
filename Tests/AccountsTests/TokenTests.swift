import Glibc
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
        let fromBytes = try #require(SessionToken(token.text()))
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
        let secret = [UInt8](repeating: 1, count: 32)
        let research = secret.withUnsafeBytes { TokenKind.research.text(for: $0) }
        research.withUnsafeBytes { text in
            #expect(TokenKind.research.withSecret(in: text) { Array($0) } == secret)
            #expect(TokenKind.session.withSecret(in: text) { Array($0) } == nil)
        }
    }

    @Test("A decoded secret is gone from memory, whether its use has returned or thrown")
    func wiping() throws {
        struct Refused: Error {}
        // Looked at through the kernel, before anything else can lie there.
        let memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC)
        try #require(memory >= 0)
        defer { close(memory) }
        var (secret, left) = ([UInt8](repeating: 0, count: 32), [UInt8](repeating: 0, count: 32))
        // The first round is for the dynamic linker alone, which overwrites the place when it resolves what is called
        // there.
        for isJudged in [false, true] {
            for isThrowing in [false, true] {
                TokenKind.session.randomText().withUnsafeBytes { text in
                    var address = 0
                    let outcome = Result {
                        try TokenKind.session.withSecret(in: text) { bytes in
                            address = Int(bitPattern: bytes.baseAddress)
                            memcpy(&secret, bytes.baseAddress!, 32)
                            if isThrowing { throw Refused() }
                        }
                    }
                    let count = pread(memory, &left, 32, address)
                    guard isJudged else { return }
                    #expect(count == 32)
                    #expect(((try? outcome.get()) == nil) == isThrowing)
                    #expect(Set(secret).count > 8 && zip(left, secret).count { $0 == $1 } < 8, "\(isThrowing)")
                }
            }
        }
    }
}
