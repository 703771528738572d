import SQLCipher
import Testing

@Suite struct ResetTests {
    @Test("an open transaction is rolled back, and the last rowid forgotten")
    func rollback() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1)")
            #expect(connection.isInTransaction)
            #expect(connection.lastInsertRowID == 1)
            #expect(connection.reset() == .asNew)
            #expect(!connection.isInTransaction)
            #expect(connection.lastInsertRowID == 0)
            #expect(try connection.value("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("statements that are out end, and hold neither table nor snapshot")
    func runningStatements() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            let statement = try connection.statement("SELECT a FROM t")
            #expect(try statement.step())
            #expect(connection.reset() == .asNew)
            let isEnded = statement.isEnded
            #expect(isEnded)
            let error = #expect(throws: SQLiteError.self) { try statement.step() }
            #expect(error?.code == .misuse)
            try connection.execute("DROP TABLE t")
            statement.finish()
        }
    }

    @Test(
        "what a rollback does not undo is reported, once",
        arguments: [
            ("CREATE TEMP TABLE x(a)", "temporary_object"), ("CREATE TEMP VIEW x AS SELECT 1", "temporary_object"),
            ("PRAGMA foreign_keys = OFF", "changed_setting"), ("PRAGMA query_only(1)", "changed_setting"),
            ("ATTACH ':memory:' AS x", "attached_database"),
        ])
    func residue(sql: String, reason: String) throws {
        try withConnection(adjusted: { $0.limits.attachedDatabases = 1 }) { connection throws in
            try connection.run(sql)
            let outcome = connection.reset()
            #expect(outcome != .asNew)
            #expect(outcome.description == reason)
            #expect(connection.reset() == .asNew)
        }
    }

    @Test("a cached statement that changes something is reported at each use")
    func residueFromCache() throws {
        try withConnection { connection throws in
            for _ in 0..<2 {
                try connection.run("PRAGMA cache_size = 100")
                #expect(connection.reset().description == "changed_setting")
            }
        }
    }

    @Test("a pragma that acts when it is prepared is reported though it never ran")
    func residueFromPreparation() throws {
        try withConnection { connection throws in
            #expect(throws: StatementError.multiple(offset: 27)) {
                _ = try connection.statement("PRAGMA foreign_keys = OFF; SELECT 1")
            }
            #expect(connection.reset().description == "changed_setting")
            try connection.withStatement("EXPLAIN PRAGMA foreign_keys = ON") { _ in }
            #expect(connection.reset().description == "changed_setting")
        }
    }

    @Test("ordinary work leaves a connection as new")
    func ordinaryWork() throws {
        try withConnection { connection throws in
            for sql in [
                "CREATE TABLE t(a)", "CREATE VIRTUAL TABLE f USING fts5(a)", "INSERT INTO f VALUES ('words')",
                "SELECT * FROM f WHERE f MATCH 'words'", "PRAGMA user_version = 4", "PRAGMA table_info(t)",
                "SELECT * FROM pragma_table_info('t')", "SAVEPOINT s", "ANALYZE", "RELEASE s", "DROP TABLE f",
            ] {
                try connection.run(sql)
            }
            #expect(connection.reset() == .asNew)
        }
    }

    @Test("a closed connection cannot be reset")
    func closed() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.close()
            guard case .failed(let error) = connection.reset() else {
                Issue.record("a closed connection was reset")
                return
            }
            #expect(error.code == .misuse)
        }
    }
}
