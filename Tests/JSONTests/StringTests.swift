import JSON
import Testing

@Suite("Strings")
struct StringTests {
    @Test(
        "Escapes give their characters",
        arguments: [
            (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#""\u0000""#, "\0"),
            (#""a\u0000b""#, "a\0b"),
            (#""\u0041\u00e9\u00E9\u20AC""#, "A\u{E9}\u{E9}\u{20AC}"),
            (#""\uD83D\uDE00""#, "😀"),
            (#""\ud800\udc00\uDBFF\uDFFF""#, "\u{10000}\u{10FFFF}"),
            (#""\uD7FF\uE000\uFFFF""#, "\u{D7FF}\u{E000}\u{FFFF}"),
            (#""\\u0041""#, "\\u0041"),
            ("\"\u{E9}\\n\u{20AC}\\t😀\"", "\u{E9}\n\u{20AC}\t😀"),
        ])
    func escapes(document: String, value: String) throws {
        let parsed = try #require(try JSONValue(parsing: Array(document.utf8)).stringValue)
        #expect(Array(parsed.utf8) == Array(value.utf8))
    }

    @Test(
        "A broken escape is refused where it begins",
        arguments: [
            (#""\a""#, .invalidEscape, 1), (#""\U0041""#, .invalidEscape, 1), (#""\'""#, .invalidEscape, 1),
            (#""\x41""#, .invalidEscape, 1), (#""\u00G0""#, .invalidEscape, 1), (#""ab\u123""#, .invalidEscape, 3),
            (#""ab\u123"#, .unexpectedEnd, 8),
            (#""\u123"   "#, .invalidEscape, 1), (#""\u 123""#, .invalidEscape, 1), (#""\u+123""#, .invalidEscape, 1),
            (#""\"#, .unexpectedEnd, 2), (#""\""#, .unexpectedEnd, 3),
        ] as [(String, JSONError.Reason, Int)])
    func brokenEscapes(document: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason, at: offset)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test(
        "Half a surrogate pair is refused",
        arguments: [
            #""\uD800""#, #""\uDC00""#, #""\uDC00\uD800""#, #""\uD83Dx\uDE00""#, #""\uD800\u0041""#, #""\uD800\uD800""#,
            #""\uD800\n     ""#, #""\uDBFF      ""#,
        ])
    func loneSurrogates(document: String) {
        #expect(throws: JSONError(.loneSurrogate, at: 1)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test("A control character must be escaped, wherever it stands", arguments: 0..<0x20 as Range<UInt8>)
    func controlCharacters(byte: UInt8) {
        for position in 0..<20 {
            var text = [UInt8](repeating: UInt8(ascii: "x"), count: 20)
            text[position] = byte
            #expect(throws: JSONError(.controlCharacter, at: position + 1)) {
                try JSONValue(parsing: [UInt8(ascii: "\"")] + text + [UInt8(ascii: "\"")])
            }
        }
    }

    @Test("Bytes that are not UTF-8 are refused where the bad sequence begins", arguments: MalformedUTF8.sequences)
    func malformedUTF8(sequence: [UInt8]) {
        for lead in ["", "é", "plain text of more than a word"] {
            let document = Array("[\"\(lead)".utf8) + sequence + Array("\"]".utf8)
            #expect(throws: JSONError(.invalidUTF8, at: 2 + lead.utf8.count)) { try JSONValue(parsing: document) }
            #expect(throws: JSONError(.invalidUTF8, at: 2 + lead.utf8.count)) {
                try JSONValue(parsing: Array("{\"\(lead)".utf8) + sequence + Array("\":1}".utf8))
            }
            #expect(!document.withUnsafeBytes { JSONWriter.isValidUTF8($0) })
        }
    }

    @Test("The first and the last scalar of every length are UTF-8, and so is every text of the standard library")
    func validUTF8() throws {
        let text =
            "\u{0}\u{7F}\u{80}\u{7FF}\u{800}\u{FFF}\u{1000}\u{CFFF}\u{D000}\u{D7FF}\u{E000}\u{FFFF}\u{10000}\u{3FFFF}\u{40000}\u{FFFFF}\u{100000}\u{10FFFF}"
        for padding in 0..<9 {
            let bytes = Array((String(repeating: "x", count: padding) + text).utf8)
            #expect(bytes.withUnsafeBytes { JSONWriter.isValidUTF8($0) })
        }
        let document = "\"\(text.unicodeScalars.dropFirst().map { String($0) }.joined())\""
        #expect(try JSONValue(parsing: Array(document.utf8)).stringValue?.unicodeScalars.count == 17)
    }
}
