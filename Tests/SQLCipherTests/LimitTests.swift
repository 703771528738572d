import SQLCipher
import Testing

@Suite struct LimitTests {
    @Test(
        "a statement over a limit is refused",
        arguments: [
            "SELECT " + String(repeating: "(1 + ", count: 40) + "1" + String(repeating: ")", count: 40),
            "SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4", "SELECT max(1, 2, 3, 4, 5)", "SELECT ?6",
            "ATTACH ':memory:' AS x", "SELECT 'a' LIKE 'abcdefghijk'", "SELECT 1, 2, 3, 4, 5, 6",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3) SELECT * FROM n, n AS b, n AS c",
        ])
    func limits(sql: String) throws {
        try withConnection { connection throws in
            connection.interrupt()
            connection.clearLimit()
            try connection.run("SELECT 1")
            #expect(throws: Never.self) {
                if !sql.hasPrefix("ATTACH") { try connection.withStatement(sql) { _ in } }
            }
        }
        try withConnection(adjusted: {
            $0.limits.expressionDepth = 30
            $0.limits.compoundSelects = 3
            $0.limits.functionArguments = 4
            $0.limits.parameters = 5
            $0.limits.patternBytes = 10
            $0.limits.columns = 5
            $0.limits.instructions = 60
        }) { connection throws in
            let error = #expect(throws: SQLiteError.self) { try connection.run(sql, .positional([])) }
            #expect(error?.code == .error || error?.code == .outOfMemory || error?.code == .tooBig)
        }
    }

    @Test("triggers cannot recurse without end")
    func triggerDepth() throws {
        try withConnection(adjusted: { $0.limits.triggerDepth = 5 }) { connection throws in
            try connection.execute(
                """
                CREATE TABLE t(a);
                CREATE TRIGGER r AFTER INSERT ON t WHEN new.a < 10 BEGIN INSERT INTO t VALUES (new.a + 1); END;
                PRAGMA recursive_triggers = ON
                """)
            let error = #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (0)") }
            #expect(error?.message == "too many levels of trigger recursion")
            try connection.run("INSERT INTO t VALUES (7)")
        }
    }

    @Test("a database that has reached its size limit is full, and stays usable")
    func maximumDatabaseBytes() throws {
        try withConnection(adjusted: { $0.maximumDatabaseBytes = 100_000 }) { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            let error = #expect(throws: SQLiteError.self) {
                try connection.run("INSERT INTO t VALUES (zeroblob(200000))")
            }
            #expect(error?.code == .full)
            #expect(error?.isConnectionBroken == false)
            try connection.run("INSERT INTO t VALUES (zeroblob(50000))")
        }
    }
}
