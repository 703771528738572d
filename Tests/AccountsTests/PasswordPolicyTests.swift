import Secrets
import Testing

@testable import Accounts

@Suite("New passwords")
struct PasswordPolicyTests {
    private let username = try! Username("Ada.Lovelace")

    private func check(_ bytes: [UInt8]) throws {
        try PasswordPolicy.check(Password(copying: bytes), for: username)
    }

    @Test(
        "may be anything of 8 to 1,024 bytes of UTF-8",
        arguments: [
            "8 bytes!", "        ", "correct horse battery staple", "pässwörd", "🙂🙂", "with\0zero",
            String(repeating: "x", count: 1_024), "ada.lovelace1",
        ])
    func accepted(text: String) throws {
        try check([UInt8](text.utf8))
    }

    @Test(
        "may not be shorter or longer, the user name, or one of the commonest",
        arguments: [
            "", "7 bytes", "🙂é", String(repeating: "x", count: 1_025), "ada.lovelace", "ADA.LOVELACE", "password",
            "PassWord", "12345678", "p@ssw0rd", "QWERTYUIOP",
        ])
    func refused(text: String) {
        #expect { try check([UInt8](text.utf8)) } throws: { ($0 as? AccountError)?.code == .weakPassword }
    }

    @Test(
        "may not be malformed UTF-8",
        arguments: [
            [0xFF], [0xC3], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0x80], [0xE2, 0x82],
        ] as [[UInt8]])
    func malformed(bytes: [UInt8]) {
        for text in [[UInt8]("password-".utf8) + bytes, bytes + [UInt8]("-password".utf8)] {
            #expect { try check(text) } throws: { ($0 as? AccountError)?.code == .weakPassword }
        }
    }

    @Test("are not repeated in the error that refuses them")
    func silence() {
        #expect { try check([UInt8]("password".utf8)) } throws: { !"\($0)".contains("\"password\"") }
        #expect { try check([UInt8]("sEcReT7".utf8)) } throws: { !"\($0)".contains("sEcReT7") }
    }
}
