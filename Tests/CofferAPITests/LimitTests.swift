import CofferTesting
import JSON
import Testing

@Suite("Limits of statements and replies over HTTP")
struct LimitTests {
    static let endless = "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    static let endlessInsert =
        "INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"

    @Test("a statement past its time is interrupted, and the next request is answered")
    func statementTimeout() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            for sql in [Self.endless, Self.endlessInsert] {
                let start = ContinuousClock.now
                try expectProblem(
                    try await api.query(sql, options: "?timeout_ms=50", as: user), 408, "statement_timeout")
                #expect(start.duration(to: .now) >= .milliseconds(50))
                #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
                try await api.rows("DELETE FROM t", as: user)
            }
        }
    }

    @Test("nobody gets more time than the server allows")
    func serverLimit() async throws {
        try await APIFixture.run {
            $0.limits.statementTimeout = .milliseconds(50)
        } _: { api in
            let user = try await api.makeUser()
            for options in ["", "?timeout_ms=600000", "?timeout_ms=9223372036854775807"] {
                try expectProblem(
                    try await api.query(Self.endless, options: options, as: user), 408, "statement_timeout")
            }
        }
    }

    @Test("a batch has one time limit for all its statements")
    func batchTimeout() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let statements = #"[{"sql":"INSERT INTO t VALUES (1)"},{"sql":\#(quoted(Self.endless))}]"#
            let problem = try expectProblem(
                try await api.batch(statements, options: "?timeout_ms=500", as: user), 408, "statement_timeout")
            #expect(problem["statement_index"] == .integer(1))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
        }
    }

    @Test("a reply over the row limit is cut and says so; one that just fits is not")
    func rowLimit() async throws {
        try await APIFixture.run {
            $0.limits.responseRows = 3
        } _: { api in
            let user = try await api.makeUser()
            let cut = try await api.query("VALUES (1), (2), (3), (4)", as: user).json
            #expect(cut["rows"] == json("[[1],[2],[3]]"))
            #expect(cut["truncated"] == .bool(true))
            let whole = try await api.query("VALUES (1), (2), (3)", as: user).json
            #expect(whole["rows"] == json("[[1],[2],[3]]"))
            #expect(whole["truncated"] == .bool(false))
        }
    }

    @Test("a reply is cut before the row that would cross the byte limit", arguments: ["arrays", "objects"])
    func byteLimit(rows: String) async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 1000
        } _: { api in
            let user = try await api.makeUser()
            let reply = try await api.query(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT hex(zeroblob(50)) AS h FROM n",
                options: "?rows=\(rows)", as: user)
            let json = try reply.json
            #expect(json["truncated"] == .bool(true))
            #expect((6...7).contains(json["rows"]?.arrayValue?.count ?? 0))
            #expect(reply.body.count <= 1000)
        }
    }

    @Test(
        "a value larger than the limit is left out with its row, however it is written",
        arguments: [
            "zeroblob(16000000)", "zeroblob(1500)", "randomblob(1500)", "printf('%.*c', 2000, 'x')",
            "printf('%.*c', 400, char(1))", "printf('%.*c', 1200, char(34))", "CAST(randomblob(1900) AS TEXT)",
        ])
    func largeValue(value: String) async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 2000
        } _: { api in
            let user = try await api.makeUser()
            let reply = try await api.query("SELECT 'a', 1 UNION ALL SELECT \(value), 2", as: user)
            #expect(try reply.json["rows"] == json(#"[["a",1]]"#))
            #expect(try reply.json["truncated"] == .bool(true))
            #expect(reply.body.count <= 2000)
        }
    }

    @Test("many large values in one row do not fill the reply")
    func wideRow() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let row = Array(repeating: "zeroblob(16000000)", count: 12).joined(separator: ",")
            let reply = try await api.query("SELECT \(row)", as: user)
            #expect(try reply.json["rows"] == json("[]"))
            #expect(try reply.json["truncated"] == .bool(true))
        }
    }

    @Test("after a row that is left out none follows, though it would fit")
    func rowsAfterTheLimit() async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 1000
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let reply = try await api.query(
                "INSERT INTO t VALUES (1), (zeroblob(2000)), (3) RETURNING v", as: user
            ).json
            #expect(reply["rows"] == json("[[1]]"))
            #expect(reply["truncated"] == .bool(true))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[3]]"))
        }
    }

    @Test("a batch whose columns alone pass the limit is refused, with its effect")
    func columnsOfBatch() async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 5000
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(\(String(repeating: "n", count: 400)))", as: user)
            let select = #"{"sql":"SELECT * FROM t"}"#
            let allowed = try await api.batch(
                "[\(Array(repeating: select, count: 7).joined(separator: ","))]", as: user)
            #expect(allowed.status == 200)
            let statements =
                #"{"sql":"INSERT INTO t VALUES (1)"},"# + Array(repeating: select, count: 9).joined(separator: ",")
            let problem = try expectProblem(
                try await api.batch("[\(statements)]", as: user), 507, "statement_memory")
            #expect(problem["statement_index"] == .integer(8))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
        }
    }

    @Test("a statement whose own columns pass the limit does nothing")
    func columnsOfWrite() async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 1000
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let name = String(repeating: "n", count: 1000)
            for sql in ["INSERT INTO t VALUES (1) RETURNING v AS \(name)", "SELECT 1 AS \(name)"] {
                try expectProblem(try await api.query(sql, as: user), 507, "statement_memory")
            }
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
        }
    }

    @Test("an endless result is cut, not waited for")
    func endlessResult() async throws {
        try await APIFixture.run {
            $0.limits.responseRows = 10
        } _: { api in
            let user = try await api.makeUser()
            let reply = try await api.query(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i FROM n", as: user)
            #expect(try reply.json["rows"]?.arrayValue?.count == 10)
        }
    }

    @Test("a statement that writes takes effect whole, though its returned rows are cut")
    func returning() async throws {
        try await APIFixture.run {
            $0.limits.responseRows = 2
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let reply = try await api.query("INSERT INTO t VALUES (1), (2), (3), (4), (5) RETURNING v", as: user).json
            #expect(reply["rows"] == json("[[1],[2]]"))
            #expect(reply["truncated"] == .bool(true))
            #expect(reply["rows_affected"] == .integer(5))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[5]]"))
        }
    }
}
