import CofferTesting
import JSON
import Testing

@testable import UserEngines

@Suite("Statements that fail over HTTP")
struct StatementProblemTests {
    @Test(
        "a text without a statement",
        arguments: ["", " \n\t", ";", "-- nothing", "/* nothing */", "/* open", ";;  -- x"])
    func noStatement(_ sql: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try expectProblem(try await api.query(sql, as: user), 400, "no_statement")
        }
    }

    @Test("several statements are refused, and none of them has run")
    func multipleStatements() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for sql in ["CREATE TABLE t(v); CREATE TABLE u(v)", "SELECT 1; SELECT 2", "SELECT 1; nonsense"] {
                let problem = try expectProblem(try await api.query(sql, as: user), 400, "multiple_statements")
                #expect((problem["sql_offset"]?.integerValue ?? 0) > 0)
            }
            #expect(try await api.rows("SELECT count(*) FROM sqlite_schema", as: user) == json("[[0]]"))
        }
    }

    static let errors: [(sql: String, offset: Int64?)] = [
        ("SELEC 1", 0), ("SELECT nope", 7), ("SELECT 1 FROM nope", nil), ("SELECT 'open", 7), ("COMMIT", nil),
        ("SELECT 1 \u{0} 2", 9), ("SELECT writefile('/tmp/x', 'y')", 7), ("SELECT abs(-9223372036854775807 - 1)", nil),
    ]

    @Test("SQL that is wrong tells what and where")
    func errors() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (sql, offset) in Self.errors {
                let reply = try await api.query(sql, as: user)
                let problem = try expectProblem(reply, 400, "sql_error")
                #expect(problem["detail"]?.stringValue?.isEmpty == false)
                if let offset { #expect(problem["sql_offset"] == .integer(offset), "\(sql): \(reply)") }
            }
        }
    }

    static let violations: [(sql: String, code: String)] = [
        ("INSERT INTO t(id, u) VALUES (1, 2)", "SQLITE_CONSTRAINT_PRIMARYKEY"),
        ("INSERT INTO t(id, u) VALUES (2, 1)", "SQLITE_CONSTRAINT_UNIQUE"),
        ("INSERT INTO t(id, u) VALUES (2, NULL)", "SQLITE_CONSTRAINT_NOTNULL"),
        ("INSERT INTO t(id, u) VALUES (2, -1)", "SQLITE_CONSTRAINT_CHECK"),
        ("INSERT INTO t(id, u, parent) VALUES (2, 2, 99)", "SQLITE_CONSTRAINT_FOREIGNKEY"),
    ]

    @Test("a violated constraint is a conflict, told by SQLite's extended code")
    func constraints() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows(
                """
                CREATE TABLE t(
                    id INTEGER PRIMARY KEY, u UNIQUE NOT NULL CHECK (u > 0), parent REFERENCES t(id))
                """, as: user)
            try await api.rows("INSERT INTO t(id, u) VALUES (1, 1)", as: user)
            for (sql, code) in Self.violations {
                let problem = try expectProblem(try await api.query(sql, as: user), 409, "constraint")
                #expect(problem["sqlite_code"] == .string(code))
            }
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[1]]"))
        }
    }

    @Test(
        "what would reach the key, the disk or another request is not authorized",
        arguments: [
            "ATTACH ':memory:' AS x", "ATTACH 'other.db' AS x KEY ''", "DETACH main", "VACUUM INTO 'plain.db'",
            "SELECT load_extension('x')", "SELECT sqlcipher_export('main')", "SELECT fts3_tokenizer('simple')",
            "PRAGMA key = 'x'", "PRAGMA rekey = 'x'", "PRAGMA hexkey = 'x'", "PRAGMA cipher_version",
            "PRAGMA cipher_settings", "PRAGMA cipher_page_size = 4096", "PRAGMA temp_store = FILE",
            "PRAGMA temp_store_directory = '/tmp'", "PRAGMA writable_schema = ON", "PRAGMA journal_mode = DELETE",
            "PRAGMA foreign_keys = OFF", "PRAGMA locking_mode = EXCLUSIVE", "PRAGMA query_only = OFF",
            "PRAGMA trusted_schema = ON", "PRAGMA no_such_pragma", "PRAGMA main.key = 'x'", "pRaGmA ReKeY('x')",
            "CREATE TEMP TABLE x(v)", "CREATE TEMPORARY VIEW x AS SELECT 1", "CREATE TABLE temp.x(v)",
            "CREATE VIRTUAL TABLE x USING dbstat", "SELECT * FROM pragma_cipher_version",
        ])
    func notAuthorized(_ sql: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.query(sql, as: user)
            // A table-valued pragma that is refused looks like a table that is not there.
            if sql.contains("pragma_") {
                #expect(reply.status == 403 || reply.status == 400, "\(reply)")
            } else {
                try expectProblem(reply, 403, "not_authorized")
            }
            #expect(try await api.rows("PRAGMA foreign_keys", as: user) == json("[[1]]"))
            #expect(try await api.rows("SELECT count(*) FROM sqlite_temp_schema", as: user) == json("[[0]]"))
        }
    }

    @Test(
        "a statement that leaves a transaction open is rolled back",
        arguments: ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT x"])
    func transactionLeftOpen(_ sql: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try expectProblem(try await api.query(sql, as: user), 400, "transaction_left_open")
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            try expectProblem(try await api.query("ROLLBACK", as: user), 400, "sql_error")
            #expect(try await api.rows("SELECT v FROM t", as: user) == json("[[1]]"))
        }
    }

    @Test("a database over its size limit is full, keeps what it has and takes less")
    func databaseFull() async throws {
        try await APIFixture.run {
            $0.engines.maximumDatabaseBytes = 1 << 20
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            try expectProblem(
                try await api.query("INSERT INTO t VALUES (zeroblob(2000000))", as: user), 507, "database_full")
            try await api.rows("INSERT INTO t VALUES (2)", as: user)
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[2]]"))
        }
    }
    @Test("a reader that keeps the log from being emptied is stopped, told why, and may come again")
    func oldSnapshot() async throws {
        try await APIFixture.run {
            $0.engines.maximumLogBytes = 200_000
            $0.engines.logPatience = .milliseconds(20)
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            let reader = try HTTPClient(port: api.server.port)
            try await reader.sendQuery(
                "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n, t", as: user)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            for _ in 0..<20 { try await api.rows("INSERT INTO t VALUES (randomblob(20000))", as: user) }
            let problem = try expectProblem(try await reader.readReply(), 503, "engine_unavailable")
            #expect(problem["detail"]?.stringValue?.contains("log") == true)
            #expect(problem["sqlite_code"]?.stringValue == "SQLITE_INTERRUPT")
            await reader.close()
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[21]]"))
        }
    }
}
