import Secrets
import Testing

@testable import Accounts

@Suite("Recovery codes")
struct RecoveryCodeTests {
    private func text(_ code: RecoveryCode) -> String {
        code.text().withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    private func parse(_ text: String) throws -> RecoveryCode? {
        try [UInt8](text.utf8).withUnsafeBytes { try RecoveryCode(parsing: $0) }
    }

    @Test("have 160 bits in eight groups of four and read back as the same code")
    func roundTrip() throws {
        for _ in 0..<50 {
            let code = try RecoveryCode.random()
            let text = text(code)
            let groups = text.split(separator: "-")
            #expect(groups.count == 8)
            #expect(
                groups.allSatisfy { $0.count == 4 && $0.allSatisfy { "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains($0) } }
            )
            let parsed = try #require(try parse(text))
            #expect(try parsed.sealingKey() == code.sealingKey())
        }
    }

    @Test("are read as a person types them")
    func leniency() throws {
        let written = "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVWX"
        let key = try #require(try parse(written)).sealingKey()
        for typed in [
            "00112345 6789abcd efghjkmn pqrstvwx", "oOiL-2345-6789-abcd-efgh-jkmn-pqrs-tvwx",
            "00112345678 9ABCDEFGHJKMNPQRSTVWX ",
        ] {
            #expect(try #require(try parse(typed)).sealingKey() == key)
        }
        #expect(text(try #require(try parse(written))) == written)
    }

    @Test(
        "are refused with a digit too few or too many, or with another character",
        arguments: [
            "", "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVW", "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVWXY",
            "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVWU", "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVW!",
            "0011-2345-6789-ABCD-EFGH-JKMN-PQRS-TVé",
        ])
    func strictness(text: String) throws {
        #expect(try parse(text) == nil)
    }

    @Test("are never printed")
    func redaction() throws {
        let code = try RecoveryCode.random()
        var dumped = ""
        dump(code, to: &dumped)
        for output in [String(describing: code), String(reflecting: code), dumped] {
            #expect(output.contains("<redacted>"))
            #expect(!output.contains("secret"))
        }
    }
}
