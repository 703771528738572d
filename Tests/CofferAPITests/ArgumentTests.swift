import CofferTesting
import JSON
import Testing

@Suite("Arguments over HTTP")
struct ArgumentTests {
    static let accepted: [(sql: String, arguments: String?, row: String)] = [
        ("SELECT ?, ?", "[1,2]", "[1,2]"),
        ("SELECT ?2, ?1, ?2", "[1,2]", "[2,1,2]"),
        ("SELECT :a, @b, $c", #"{"a":1,"b":2,"c":3}"#, "[1,2,3]"),
        ("SELECT :a, @b, $c", #"{":a":1,"@b":2,"$c":3}"#, "[1,2,3]"),
        ("SELECT :a, :a", #"{"a":1}"#, "[1,1]"),
        ("SELECT :a, @a", #"{"a":1}"#, "[1,1]"),
        ("SELECT :a, @a", #"{":a":1,"@a":2}"#, "[1,2]"),
        ("SELECT :a, :b", "[1,2]", "[1,2]"),
        ("SELECT 1", nil, "[1]"),
        ("SELECT 1", "[]", "[1]"),
        ("SELECT 1", "{}", "[1]"),
        ("SELECT 1", "null", "[1]"),
    ]

    @Test("arguments by position and by name, with and without prefixes")
    func accepted() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (sql, arguments, row) in Self.accepted {
                #expect(try await api.rows(sql, arguments, as: user) == json("[\(row)]"), "\(sql) \(arguments ?? "")")
            }
        }
    }

    static let refused: [(sql: String, arguments: String?, code: String)] = [
        ("SELECT ?", "[1,2]", "invalid_argument"),
        ("SELECT ?, ?", "[1]", "invalid_argument"),
        ("SELECT ?", nil, "invalid_argument"),
        ("SELECT 1", "[1]", "invalid_argument"),
        ("SELECT ?3", "[1]", "invalid_argument"),
        ("SELECT :a", "{}", "invalid_argument"),
        ("SELECT :a", #"{"b":1}"#, "invalid_argument"),
        ("SELECT :a", #"{"a":1,"b":1}"#, "invalid_argument"),
        ("SELECT :a", #"{"@a":1}"#, "invalid_argument"),
        ("SELECT :a", #"{"a":1,":a":2}"#, "invalid_argument"),
        ("SELECT :a", #"{"a":1,"a":2}"#, "invalid_argument"),
        ("SELECT :a", #"{"":1}"#, "invalid_argument"),
        ("SELECT :a", #"{"a\u0000":1}"#, "invalid_argument"),
        ("SELECT ?", #"{"a":1}"#, "invalid_argument"),
        ("SELECT ?", "[[1]]", "invalid_argument"),
        ("SELECT ?", "[{}]", "invalid_argument"),
        ("SELECT ?", #"[{"hex":"00"}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"base64":1}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"base64":"A"}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"base64":"!!!!"}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"base64":"AA==","float":"Infinity"}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"float":"NaN"}]"#, "invalid_argument"),
        ("SELECT ?", #"[{"float":1.5}]"#, "invalid_argument"),
        ("SELECT ?", "[9223372036854775808]", "malformed_json"),
        ("SELECT ?", "[1e999]", "malformed_json"),
        ("SELECT ?", #"["\ud800"]"#, "malformed_json"),
        ("SELECT ?", "5", "invalid_field"),
        ("SELECT ?", #""x""#, "invalid_field"),
        ("SELECT ?", "true", "invalid_field"),
    ]

    @Test("arguments that do not fit are refused and never shown")
    func refused() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (sql, arguments, code) in Self.refused {
                let reply = try await api.query(sql, arguments, as: user)
                try expectProblem(reply, 400, code)
                #expect(try reply.json["code"] == .string(code), "\(sql) \(arguments ?? "")")
            }
            #expect(try await api.rows("SELECT 1", as: user) == json("[[1]]"))
        }
    }

    @Test("the value of a refused argument is not in the answer")
    func secrecy() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v UNIQUE)", as: user)
            for _ in 0..<2 {
                let reply = try await api.query("INSERT INTO t VALUES (?)", #"["classified"]"#, as: user)
                #expect(!reply.text.contains("classified"))
            }
        }
    }
}
