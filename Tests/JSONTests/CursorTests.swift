import JSON
import Testing

@Suite("The cursor")
struct CursorTests {
    private func reading<R>(_ document: String, _ body: (inout JSONCursor) throws -> R) rethrows -> R {
        try Array(document.utf8).withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            return try body(&cursor)
        }
    }

    @Test("A request body is read without a tree; names match however they are escaped")
    func requestBody() throws {
        let document =
            #" {"s\u0071l" : "SELECT ?1", "extra": [{"a": [1, {}]}, "\n"], "args": [1, 2.5, "x", null, true]} "#
        try reading(document) { cursor in
            var sql: String?
            var args: [JSONValue] = []
            try cursor.beginObject()
            while let name = try cursor.nextName() {
                switch name {
                case "sql": sql = try cursor.readString()
                case "args":
                    try cursor.beginArray()
                    while try cursor.nextElement() { args.append(try cursor.readValue()) }
                default: try cursor.skipValue()
                }
            }
            try cursor.finish()
            #expect(sql == "SELECT ?1")
            #expect(args == [.integer(1), .double(2.5), .string("x"), .null, .bool(true)])
            #expect(cursor.depth == 0)
        }
    }

    @Test("A token tells where it lies in the input")
    func tokenRange() throws {
        let document = #"{"name": "vä\n", "": ""}"#
        let bytes = Array(document.utf8)
        try reading(document) { cursor in
            try cursor.beginObject()
            for (name, value) in [("name", #"vä\n"#), ("", "")] {
                let token = try #require(try cursor.nextName())
                #expect(bytes[cursor.range(of: token)].elementsEqual(name.utf8))
                let range = cursor.range(of: try cursor.readStringToken())
                #expect(bytes[range].elementsEqual(value.utf8))
                #expect(bytes[range.lowerBound - 1] == UInt8(ascii: "\""))
            }
            #expect(try cursor.nextName() == nil)
        }
    }

    @Test("A value is read from the place where it was met before")
    func valueInside() throws {
        let document = Array(#"{"list": [ {"a": 1},[true, "x"] ]}"#.utf8)
        try document.withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes)
            var places: [Int] = []
            var values: [JSONValue] = []
            try cursor.beginObject()
            _ = try cursor.nextName()
            try cursor.beginArray()
            while try cursor.nextElement() {
                places.append(cursor.offset)
                values.append(try cursor.readValue())
            }
            for (place, value) in zip(places, values).reversed() {
                var again = JSONCursor(bytes, at: place)
                #expect(try again.readValue() == value)
                #expect(again.depth == 0)
            }
            #expect(places.count == 2)
        }
    }

    @Test("A name that only begins like the pattern does not match")
    func nameMatching() throws {
        for name in ["sq", "sqll", "", "SQL", "sq\\u006d"] {
            try reading("{\"\(name)\":0}") { cursor in
                try cursor.beginObject()
                let token = try #require(try cursor.nextName())
                #expect(!("sql" ~= token))
            }
        }
    }

    @Test("A value of another kind than asked for is a type mismatch, and peeking tells the kind")
    func typeMismatch() throws {
        let kinds: [(String, JSONKind)] = [
            ("null", .null), ("true", .bool), ("false", .bool), ("-1", .number), ("\"\"", .string), ("[]", .array),
            ("{}", .object),
        ]
        for (document, kind) in kinds {
            try reading("  " + document) { cursor in
                #expect(try cursor.peek() == kind)
                #expect(cursor.offset == 2)
                let mismatch = JSONError(.typeMismatch, at: 2)
                if kind != .null { #expect(throws: mismatch) { try cursor.readNull() } }
                if kind != .bool { #expect(throws: mismatch) { try cursor.readBool() } }
                if kind != .number { #expect(throws: mismatch) { try cursor.readNumber() } }
                if kind != .string { #expect(throws: mismatch) { try cursor.readString() } }
                if kind != .array { #expect(throws: mismatch) { try cursor.beginArray() } }
                if kind != .object { #expect(throws: mismatch) { try cursor.beginObject() } }
                try cursor.skipValue()
                try cursor.finish()
            }
        }
    }

    @Test("A token gives its bytes with and without escapes")
    func tokens() throws {
        try reading(#"["plain é", "a\u0000\uD83D\uDE00\"", ""]"#) { cursor in
            try cursor.beginArray()
            #expect(try cursor.nextElement())
            let plain = try cursor.readStringToken()
            #expect(!plain.hasEscapes)
            #expect(Array(plain.raw) == Array("plain é".utf8))
            #expect(plain.utf8 == Array("plain é".utf8))
            #expect(cursor.offset(of: plain) == 1)
            #expect(try cursor.nextElement())
            let escaped = try cursor.readStringToken()
            #expect(escaped.hasEscapes)
            #expect(escaped.utf8 == Array("a\0😀\"".utf8))
            #expect(try cursor.nextElement())
            #expect(try cursor.readStringToken().utf8.isEmpty)
            #expect(try !cursor.nextElement())
        }
    }

    @Test("Passing over a value checks it like reading it")
    func skipping() throws {
        for document in ["[1,]", "{\"a\":01}", "\"\\uD800\"", "[\"\u{1}\"]", "nul", "[1e999]"] {
            let bytes = Array(document.utf8)
            let expected = #expect(throws: JSONError.self) { try JSONValue(parsing: bytes) }
            let found = reading(document) { cursor in
                #expect(throws: JSONError.self) { try cursor.skipValue() }
            }
            #expect(found == expected)
        }
        reading(String(repeating: "[", count: 100)) { cursor in
            _ = #expect(throws: JSONError(.tooDeep, at: 64)) { try cursor.skipValue() }
        }
    }
}
