import CofferTesting
import SQLCipher
import Testing

@testable import UserEngines

@Suite struct StatementTests {
    @Test(
        "the first word says where a statement is tried",
        arguments: [
            ("SELECT 1", .reader), ("  select 1", .reader), ("-- note\nSELECT 1", .reader),
            ("/* a */ /* b */VALUES (1)", .reader), ("with x as (select 1) select * from x", .reader),
            ("EXPLAIN SELECT 1", .reader), ("SELECTED", .writer), ("INSERT INTO t VALUES (1)", .writer),
            ("PRAGMA user_version", .writer), ("", .writer), ("/* open", .writer), ("--", .writer),
            ("SELECT", .reader), ("SELECT(1)", .reader),
        ] as [(String, StatementRoute)])
    func route(sql: String, route: StatementRoute) {
        #expect(StatementRoute(sql) == route)
    }

    @Test("a WITH that writes goes to the writer")
    func writingWith() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run("WITH x(a) AS (VALUES (1), (2)) INSERT INTO t SELECT a FROM x", as: user)
            #expect(try await fixture.run("SELECT sum(a) FROM t", as: user) == [[.integer(3)]])
        }
    }

    @Test("a statement that writes commits, or fails, before it is answered, also if not all of its rows are read")
    func unreadRows() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE p (a INTEGER PRIMARY KEY)", as: user)
            _ = try await fixture.run("CREATE TABLE t (a REFERENCES p DEFERRABLE INITIALLY DEFERRED)", as: user)
            #expect(try await fixture.hasRow("INSERT INTO p VALUES (1), (2) RETURNING a", as: user))
            let error = await #expect(throws: SQLiteError.self) {
                try await fixture.hasRow("INSERT INTO t VALUES (1), (9) RETURNING a", as: user)
            }
            #expect(error?.code == .constraint)
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(0)]])
            #expect(try await fixture.hasRow("INSERT INTO t VALUES (1), (2) RETURNING a", as: user))
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(2)]])
        }
    }

    @Test("a transaction that a statement leaves open is rolled back", arguments: ["BEGIN", "SAVEPOINT s"])
    func transactionLeftOpen(sql: String) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            await #expect(throws: EngineError.transactionLeftOpen) { try await fixture.run(sql, as: user) }
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            #expect(fixture.registry.census().writers.occupancy.idle == 1)
        }
    }

    @Test("an atomic batch leaves nothing of itself when a statement fails, and everything when none does")
    func atomicBatch() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a UNIQUE)", as: user)
            await #expect(throws: SQLiteError.self) {
                try await fixture.batch(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (1)"], as: user)
            }
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(0)]])
            try await fixture.batch(["INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)"], as: user)
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(2)]])
        }
    }

    @Test("a statement cannot end the transaction of its atomic batch", arguments: ["COMMIT", "ROLLBACK", "END"])
    func transactionControl(sql: String) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            await #expect(throws: EngineError.transactionControlInBatch) {
                try await fixture.batch(["INSERT INTO t VALUES (1)", sql], as: user)
            }
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(0)]])
        }
    }

    @Test("a batch that is not atomic may make its own transactions, and must end them")
    func ownTransactions() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await fixture.batch(
                ["CREATE TABLE t (a)", "BEGIN", "INSERT INTO t VALUES (1)", "COMMIT"], atomic: false, as: user)
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(1)]])
            await #expect(throws: EngineError.transactionLeftOpen) {
                try await fixture.batch(["BEGIN", "INSERT INTO t VALUES (2)"], atomic: false, as: user)
            }
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(1)]])
        }
    }

    @Test("a statement past its time is interrupted, and its connection is not used again")
    func timeout() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
            let error = await #expect(throws: SQLiteError.self) {
                try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                    try await engine.run(endless, .none, timeout: .milliseconds(20)) { statement, _ in
                        while try statement.step() {}
                    }
                }
            }
            #expect(error?.interruption == .deadline)
            try await eventuallyNothingLeased(fixture)
            #expect(fixture.scrape().contains("coffer_connections_evicted_total{reason=\"statement_timeout\"} 1\n"))
        }
    }

    @Test(
        "SQL that would leave the user's own encrypted file is refused",
        arguments: [
            "ATTACH '/tmp/x.db' AS x", "ATTACH ':memory:' AS x KEY ''", "DETACH main", "VACUUM INTO '/tmp/x.db'",
            "PRAGMA key = 'x'", "PRAGMA rekey = 'x'", "PRAGMA cipher_version", "PRAGMA temp_store = FILE",
            "PRAGMA writable_schema = ON", "PRAGMA journal_mode = DELETE", "PRAGMA foreign_keys = OFF",
            "SELECT load_extension('x')", "SELECT sqlcipher_export('x')", "CREATE TEMP TABLE x (a)",
            "CREATE TEMP VIEW x AS SELECT 1", "CREATE VIRTUAL TABLE x USING csv(filename='/etc/passwd')",
        ])
    func refused(sql: String) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let error = await #expect(throws: SQLiteError.self) { try await fixture.run(sql, as: user) }
            #expect(error?.code == .authorization)
        }
    }

    @Test("tables and columns can be renamed, added and dropped, but not by writing to a schema")
    func altered() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            for sql in [
                "CREATE TABLE t (a, b)", "CREATE INDEX i ON t (a)", "CREATE VIEW v AS SELECT a FROM t",
                "INSERT INTO t VALUES (1, 2)", "ALTER TABLE t RENAME COLUMN a TO c", "ALTER TABLE t RENAME TO u",
                "ALTER TABLE u ADD COLUMN d DEFAULT 3", "ALTER TABLE u DROP COLUMN b",
            ] { _ = try await fixture.run(sql, as: user) }
            #expect(try await fixture.run("SELECT c, d FROM u", as: user) == [[.integer(1), .integer(3)]])
            #expect(try await fixture.run("SELECT * FROM v", as: user) == [[.integer(1)]])
            for schema in ["sqlite_temp_master", "temp.sqlite_master", "sqlite_schema"] {
                let sql = "UPDATE \(schema) SET sql = ''"
                await #expect(throws: SQLiteError.self) { try await fixture.run(sql, as: user) }
            }
        }
    }

    @Test(
        "pragmas that read, and the two numbers an application keeps in its file, are allowed",
        arguments: [
            "PRAGMA user_version = 3", "PRAGMA user_version", "PRAGMA table_info(t)", "PRAGMA journal_mode",
            "SELECT * FROM pragma_table_info('t')", "PRAGMA integrity_check", "PRAGMA foreign_keys",
            "CREATE VIRTUAL TABLE f USING fts5(a)",
        ])
    func allowed(sql: String) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run(sql, as: user)
        }
    }
}

extension EngineFixture {
    func batch(_ sql: [String], atomic: Bool = true, as user: UserID) async throws {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            try await engine.runBatch(atomic: atomic, timeout: .seconds(10)) { runner in
                for text in sql {
                    try runner.run(text, .none) { statement, _ in while try statement.step() {} }
                }
            }
        }
    }
}

extension EngineFixture {
    /// Whether a statement gives a row, of which it reads only the first.
    fileprivate func hasRow(_ sql: String, as user: UserID) async throws -> Bool {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            try await engine.run(sql, .none, timeout: .seconds(10)) { statement, _ in try statement.step() }
        }
    }
}

private func eventuallyNothingLeased(_ fixture: EngineFixture) async throws {
    try await eventually { fixture.registry.census().total.occupancy.leased == 0 }
}
