import JSON
import Testing

@Suite("Documents that must be accepted")
struct AcceptedDocumentTests {
    @Test(
        "A valid document gives its value",
        arguments: [
            ("null", .null),
            ("true", .bool(true)),
            (" \t\r\nfalse \t\r\n", .bool(false)),
            ("0", .integer(0)),
            ("\"\"", .string("")),
            ("[]", .array([])),
            ("[ ]", .array([])),
            ("{}", .object([])),
            ("{ }", .object([])),
            ("[[]]", .array([.array([])])),
            ("[[],{},[[{}]]]", .array([.array([]), .object([]), .array([.array([.object([])])])])),
            ("[null,true,false]", .array([.null, .bool(true), .bool(false)])),
            ("[1 , 2\n,\t3]", .array([.integer(1), .integer(2), .integer(3)])),
            ("{\"\":0}", .object([JSONMember(name: "", value: .integer(0))])),
            ("{ \"a\" : 1 }", .object([JSONMember(name: "a", value: .integer(1))])),
            (
                "{\"b\":[],\"a\":{\"b\":null}}",
                .object([
                    JSONMember(name: "b", value: .array([])),
                    JSONMember(name: "a", value: .object([JSONMember(name: "b", value: .null)])),
                ])
            ),
            (
                "{\"a\":{\"a\":1}}",
                .object([JSONMember(name: "a", value: .object([JSONMember(name: "a", value: .integer(1))]))])
            ),
            ("[\"a\",[\"a\"]]", .array([.string("a"), .array([.string("a")])])),
            ("\"/\u{7F}\"", .string("/\u{7F}")),
        ] as [(String, JSONValue)])
    func accepted(document: String, value: JSONValue) throws {
        #expect(try JSONValue(parsing: Array(document.utf8)) == value)
    }

    @Test("Members keep the order of the document and are found by name")
    func members() throws {
        let value = try JSONValue(parsing: Array(#"{"z":1,"a":"x","m":[2.5],"n":{"deep":true}}"#.utf8))
        #expect(value.objectValue?.map(\.name) == ["z", "a", "m", "n"])
        #expect(value["z"]?.integerValue == 1)
        #expect(value["a"]?.stringValue == "x")
        #expect(value["m"]?.arrayValue?.first?.doubleValue == 2.5)
        #expect(value["n"]?["deep"]?.boolValue == true)
        #expect(value["missing"] == nil)
        #expect(value["a"]?["b"] == nil)
    }

    @Test("A name is found by its code units, not by canonical equivalence")
    func nameComparison() throws {
        let value = try JSONValue(parsing: Array("{\"e\u{301}\":1,\"\u{E9}\":2,\"\u{212A}\":3}".utf8))
        #expect(value["e\u{301}"] == .integer(1))
        #expect(value["\u{E9}"] == .integer(2))
        #expect(value["K"] == nil)
    }

    @Test("Containers may be nested to the limit and no deeper", arguments: ["[", "{\"a\":"])
    func depth(opening: String) throws {
        let closing = opening == "[" ? "]" : "}"
        func document(_ depth: Int) -> [UInt8] {
            Array((String(repeating: opening, count: depth) + "0" + String(repeating: closing, count: depth)).utf8)
        }
        _ = try JSONValue(parsing: document(64))
        #expect(throws: JSONError(.tooDeep, at: 64 * opening.utf8.count)) { try JSONValue(parsing: document(65)) }
        _ = try JSONValue(parsing: document(3), maximumDepth: 3)
        #expect(throws: JSONError(.tooDeep, at: 3 * opening.utf8.count)) {
            try JSONValue(parsing: document(4), maximumDepth: 3)
        }
    }

    @Test("The depth limit counts what is inside each other, not what is beside each other")
    func breadth() throws {
        let document = "[" + Array(repeating: "[[]]", count: 500).joined(separator: ",") + "]"
        #expect(try JSONValue(parsing: Array(document.utf8), maximumDepth: 3).arrayValue?.count == 500)
    }
}
