import SQLCipher
import Testing

@Suite struct LimitTests {
    @Test(
        "a statement over a limit is refused, one within it is not",
        arguments: [
            (
                "SELECT " + String(repeating: "(1 + ", count: 40) + "1" + String(repeating: ")", count: 40),
                "Expression tree is too large (maximum depth 30)"
            ),
            ("SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4", "too many terms in compound SELECT"),
            ("SELECT max(1, 2, 3, 4, 5)", "too many arguments on function max"),
            ("SELECT ?6", "variable number must be between ?1 and ?5"),
            ("ATTACH ':memory:' AS x", "too many attached databases - max 0"),
            ("SELECT 'a' LIKE 'abcdefghijk'", "LIKE or GLOB pattern too complex"),
            ("SELECT 1, 2, 3, 4, 5, 6", "too many columns in result set"),
            (
                "SELECT 1 WHERE " + Array(repeating: "random() > 1", count: 25).joined(separator: " OR "),
                "out of memory"
            ),
        ])
    func limits(sql: String, message: String) throws {
        try withConnection(adjusted: { $0.limits.attachedDatabases = 1 }) { connection throws in
            try connection.withStatement(sql) { _ = try $0.step() }
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
            let error = #expect(throws: SQLiteError.self) {
                try connection.withStatement(sql) { _ = try $0.step() }
            }
            #expect(error?.message == message)
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
