import CofferTesting
import JSON
import Testing

@Suite("Values over HTTP")
struct QueryValueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let argument: String
        let type: String
        /// How it comes back; as it went in unless given.
        var result: String?

        var testDescription: String { argument }
    }

    static let cases = [
        Case(argument: "9223372036854775807", type: "integer"),
        Case(argument: "-9223372036854775808", type: "integer"),
        Case(argument: "9007199254740993", type: "integer"),
        Case(argument: "0", type: "integer"),
        Case(argument: "true", type: "integer", result: "1"),
        Case(argument: "false", type: "integer", result: "0"),
        Case(argument: "1.5", type: "real"),
        Case(argument: "1.0", type: "real"),
        Case(argument: "1e300", type: "real"),
        Case(argument: "5e-324", type: "real"),
        Case(argument: "0.1", type: "real"),
        Case(argument: #"{"float":"Infinity"}"#, type: "real"),
        Case(argument: #"{"float":"-Infinity"}"#, type: "real"),
        Case(argument: "null", type: "null"),
        Case(argument: #""""#, type: "text"),
        Case(argument: #""plain""#, type: "text"),
        Case(argument: #""\u0000""#, type: "text"),
        Case(argument: #""a\u0000b""#, type: "text"),
        Case(argument: #""😀 e\u0301 \ud83d\ude00""#, type: "text"),
        Case(argument: #""line\nquote\"slash\\\u001f\u2028""#, type: "text"),
        Case(argument: #"{"base64":""}"#, type: "blob"),
        Case(argument: #"{"base64":"AAEC/w=="}"#, type: "blob"),
        Case(argument: #"{"text_base64":"gIE="}"#, type: "text"),
        Case(argument: #"{"text_base64":"7aCA"}"#, type: "text"),
        Case(argument: #"{"text_base64":"YWJj"}"#, type: "text", result: #""abc""#),
    ]

    @Test("a value comes back as it went in, of the same type, from the writer and from a reader")
    func roundTrips() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", as: user)
            for (index, value) in Self.cases.enumerated() {
                let expected = json(#"[["\#(value.type)",\#(value.result ?? value.argument)]]"#)
                let stored = try await api.rows(
                    "INSERT INTO t VALUES (?, ?) RETURNING typeof(v), v", "[\(index),\(value.argument)]", as: user)
                #expect(stored == expected, "written: \(value.argument)")
                let read = try await api.rows("SELECT typeof(v), v FROM t WHERE id = ?", "[\(index)]", as: user)
                #expect(read == expected, "read: \(value.argument)")
            }
        }
    }

    @Test("integers are exact digits, never rounded on the way")
    func digits() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.query("SELECT ?, ?", "[9223372036854775807,-9223372036854775808]", as: user)
            #expect(reply.text.contains("[[9223372036854775807,-9223372036854775808]]"))
        }
    }

    @Test("integers come as strings to whoever asks, and nothing else does")
    func integersAsStrings() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let rows = try await api.rows(
                "SELECT 9223372036854775807, -1, 1.5, 'x', NULL, x'00'", options: "?integers=string", as: user)
            #expect(rows == json(#"[["9223372036854775807","-1",1.5,"x",null,{"base64":"AA=="}]]"#))
            #expect(try await api.rows("SELECT 1", options: "?integers=number", as: user) == json("[[1]]"))
        }
    }

    @Test("what is not a number is NULL, what is too large is infinite")
    func infinities() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            #expect(
                try await api.rows("SELECT 9e999, -9e999, 9e999 - 9e999, typeof(9e999 - 9e999)", as: user)
                    == json(#"[[{"float":"Infinity"},{"float":"-Infinity"},null,"null"]]"#))
        }
    }

    @Test("a text of a mebibyte goes both ways")
    func longText() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let text = String(repeating: "0123456789abcde\u{1}", count: 1 << 16)
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("INSERT INTO t VALUES (?)", "[\(quoted(text))]", as: user)
            #expect(
                try await api.rows("SELECT length(v), v FROM t", as: user)
                    == .array([.array([.integer(1 << 20), .string(text)])]))
        }
    }

    @Test("a value over the limit of one value is refused")
    func tooBig() async throws {
        try await APIFixture.run {
            $0.engines.maximumValueBytes = 100_000
        } _: { api in
            let user = try await api.makeUser()
            #expect(try await api.query("SELECT length(zeroblob(100000))", as: user).status == 200)
            let problem = try expectProblem(
                try await api.query("SELECT hex(zeroblob(100000))", as: user), 400, "sql_error")
            #expect(problem["sqlite_code"]?.stringValue?.contains("TOOBIG") == true)
            let argument = quoted(String(repeating: "x", count: 100_001))
            #expect(try await api.query("SELECT ?", "[\(argument)]", as: user).status == 400)
        }
    }

    @Test("rows come as objects to whoever asks; a name that came before gets a number")
    func objects() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let rows = try await api.rows(
                #"SELECT 1 AS a, 2 AS a, 3 AS b, 4 AS a, 5 AS "q""x""#, options: "?rows=objects", as: user)
            #expect(rows == json(#"[{"a":1,"a:2":2,"b":3,"a:3":4,"q\"x":5}]"#))
            #expect(
                try await api.rows(#"SELECT 1 AS "a:2", 2 AS a, 3 AS a"#, options: "?rows=objects", as: user)
                    == json(#"[{"a:2":1,"a":2,"a:3":3}]"#))
            #expect(try await api.rows("SELECT 1 AS a", options: "?rows=arrays", as: user) == json("[[1]]"))
        }
    }

    @Test(
        "an option that is none is refused by name",
        arguments: [
            ("rows", "?rows=lists"), ("integers", "?integers=text"), ("timeout_ms", "?timeout_ms=soon"),
            ("timeout_ms", "?timeout_ms=0"), ("timeout_ms", "?timeout_ms=-1"), ("rows", "?rows="),
        ])
    func unknownOption(_ field: String, _ options: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let problem = try expectProblem(
                try await api.query("SELECT 1", options: options, as: user), 400, "invalid_field")
            #expect(problem["field"] == .string(field))
        }
    }
}
