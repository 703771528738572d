import JSON
import Testing

@Suite("Documents that must be refused")
struct RefusedDocumentTests {
    @Test(
        "A structure that is not JSON is refused with the reason and the offset",
        arguments: [
            ("", .unexpectedEnd, 0),
            ("  ", .unexpectedEnd, 2),
            ("[", .unexpectedEnd, 1),
            ("[1", .unexpectedEnd, 2),
            ("[1,", .unexpectedEnd, 3),
            ("[1,]", .unexpectedByte, 3),
            ("[,1]", .unexpectedByte, 1),
            ("[1,,2]", .unexpectedByte, 3),
            ("[1 2]", .unexpectedByte, 3),
            ("[1}", .unexpectedByte, 2),
            ("]", .unexpectedByte, 0),
            ("{", .unexpectedEnd, 1),
            ("{]", .unexpectedByte, 1),
            ("{,}", .unexpectedByte, 1),
            ("{a:1}", .unexpectedByte, 1),
            ("{'a':1}", .unexpectedByte, 1),
            ("{1:1}", .unexpectedByte, 1),
            ("{null:1}", .unexpectedByte, 1),
            ("{\"a\"", .unexpectedEnd, 4),
            ("{\"a\"}", .unexpectedByte, 4),
            ("{\"a\" 1}", .unexpectedByte, 5),
            ("{\"a\",1}", .unexpectedByte, 4),
            ("{\"a\":}", .unexpectedByte, 5),
            ("{\"a\"::1}", .unexpectedByte, 5),
            ("{\"a\":1,}", .unexpectedByte, 7),
            ("{\"a\":1 \"b\":2}", .unexpectedByte, 7),
            ("{\"a\":1]", .unexpectedByte, 6),
            ("1 2", .trailingData, 2),
            ("{}}", .trailingData, 2),
            ("[]]", .trailingData, 2),
            ("null,", .trailingData, 4),
            ("truefalse", .trailingData, 4),
            ("[] // no", .trailingData, 3),
            ("/* no */ 1", .unexpectedByte, 0),
            ("\u{FEFF}[]", .byteOrderMark, 0),
            (" \u{FEFF}[]", .unexpectedByte, 1),
            ("\u{C}1", .unexpectedByte, 0),
            ("\u{A0}1", .unexpectedByte, 0),
            ("\0", .unexpectedByte, 0),
            ("1\0", .trailingData, 1),
        ] as [(String, JSONError.Reason, Int)])
    func structure(document: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason, at: offset)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test(
        "A word that is no literal is refused",
        arguments: [
            ("nul", .unexpectedEnd, 3),
            ("nulL", .invalidLiteral, 0),
            ("[tru]", .invalidLiteral, 1),
            ("falsy", .invalidLiteral, 0),
            ("True", .unexpectedByte, 0),
            ("NaN", .unexpectedByte, 0),
            ("nan", .invalidLiteral, 0),
            ("Infinity", .unexpectedByte, 0),
            ("undefined", .unexpectedByte, 0),
        ] as [(String, JSONError.Reason, Int)])
    func literals(document: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason, at: offset)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test(
        "A name that its object already has is refused, however it is escaped",
        arguments: [
            ("{\"a\":1,\"a\":1}", 7),
            ("{\"a\":1,\"b\":2,\"\\u0061\":3}", 13),
            ("[{\"x\":{\"\":1,\"\":2}}]", 12),
        ])
    func duplicates(document: String, offset: Int) {
        #expect(throws: JSONError(.duplicateName, at: offset)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test("A duplicate among many members is found", arguments: [15, 16, 17, 18, 500])
    func duplicateAmongMany(count: Int) throws {
        let members = (0..<count).map { "\"name\($0)\":\($0)" }
        let unique = "{" + members.joined(separator: ",") + "}"
        #expect(try JSONValue(parsing: Array(unique.utf8)).objectValue?.count == count)
        for repeated in [0, count / 2, count - 1] {
            let document = unique.dropLast() + ",\"name\(repeated)\":0}"
            #expect(throws: JSONError(.duplicateName, at: unique.utf8.count)) {
                try JSONValue(parsing: Array(document.utf8))
            }
        }
    }

    @Test("An error says what is wrong and where, and nothing of the input")
    func description() {
        let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array("{\"secret\" 1}".utf8)) }
        #expect(error?.description == "unexpected character at byte 10")
    }
}
