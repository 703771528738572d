import Testing

@testable import Accounts

@Suite("User names")
struct UsernameTests {
    @Test(
        "may have letters, digits, dots, underscores and dashes",
        arguments: ["a", "Z", "0", ".", "..", "-", "_", "Ada.Lovelace-1815_", String(repeating: "x", count: 64)])
    func valid(text: String) throws {
        #expect(try Username(text).text == text)
    }

    @Test(
        "may have nothing else",
        arguments: [
            "", String(repeating: "x", count: 65), "a b", "a/b", "a\\b", "a@b", "é", "\u{FF41}", "a\0", "a\n",
            "\u{212A}",
            "\u{17F}", "🙂", "a:b", "a%b",
        ])
    func invalid(text: String) {
        #expect(throws: AccountError.invalidUsername) { try Username(text) }
    }

    @Test("are the same in any case, and keep the case they were given")
    func folding() throws {
        #expect(try Username("Ada") == Username("aDA"))
        #expect(try Username("Ada").hashValue == Username("ada").hashValue)
        #expect(try Username("Ada") != Username("Adb"))
        #expect(try Username("Ada").description == "Ada")
    }
}
