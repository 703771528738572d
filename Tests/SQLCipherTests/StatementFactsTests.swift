import SQLCipher
import Testing

@Suite struct StatementFactsTests {
    @Test(
        "a statement's facts tell what it does",
        arguments: [
            ("SELECT 1", []), ("VALUES (1)", []), ("SELECT a FROM t", .reads), ("EXPLAIN SELECT a FROM t", .reads),
            ("WITH c AS (SELECT a FROM t) SELECT * FROM c", .reads),
            ("SELECT count(*), upper('a')", []), ("SELECT hex('a')", .callsUnboundedFunction),
            ("SELECT instr(a, a) FROM t", [.reads, .callsUnboundedFunction]),
            ("SELECT group_concat(a) FROM t", [.reads, .callsUnboundedFunction]),
            ("INSERT INTO t VALUES (1)", .writes), ("UPDATE t SET a = 1", [.writes]),
            ("DELETE FROM t WHERE a = 1", [.reads, .writes]), ("EXPLAIN DELETE FROM t", .writes),
            ("INSERT INTO t SELECT a FROM t RETURNING a", [.reads, .writes]),
            ("CREATE TABLE u(a)", [.reads, .writes, .changesSchema]),
            ("CREATE INDEX i ON t(a)", [.reads, .writes, .changesSchema]),
            ("DROP TABLE t", [.reads, .writes, .changesSchema]), ("DROP VIEW v", [.reads, .writes, .changesSchema]),
            ("CREATE VIRTUAL TABLE f USING fts5(a)", [.reads, .writes, .changesSchema]),
            ("CREATE TEMP TABLE u(a)", [.reads, .writesTemporary, .changesTemporarySchema]),
            ("CREATE TABLE temp.u(a)", [.reads, .writesTemporary, .changesTemporarySchema]),
            ("CREATE TEMP VIEW w AS SELECT 1", [.reads, .writesTemporary, .changesTemporarySchema]),
            (
                "CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
                [.writes, .writesTemporary, .changesTemporarySchema]
            ),
            ("INSERT INTO x VALUES (1)", .writesTemporary),
            ("BEGIN", .transactionControl), ("BEGIN IMMEDIATE", .transactionControl), ("COMMIT", .transactionControl),
            ("ROLLBACK", .transactionControl), ("END", .transactionControl),
            ("SAVEPOINT s", .savepoint), ("RELEASE s", .savepoint), ("ROLLBACK TO s", .savepoint),
            ("PRAGMA foreign_keys", .pragma), ("PRAGMA table_info(t)", .pragma), ("PRAGMA Quick_Check(1)", .pragma),
            ("PRAGMA user_version = 3", .pragma), ("PRAGMA wal_checkpoint(PASSIVE)", .pragma),
            ("PRAGMA cache_size = 100", [.pragma, .changesSetting]),
            ("PRAGMA case_sensitive_like(1)", [.pragma, .changesSetting]),
            ("ATTACH 'x' AS x", .attaches), ("DETACH x", .detaches),
        ] as [(String, StatementFacts)])
    func facts(sql: String, expected: StatementFacts) throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); CREATE VIEW v AS SELECT 1; CREATE TEMP TABLE x(a)")
            let statement = try connection.statement(sql)
            #expect(statement.facts == expected, "\(Self.names(statement.facts))")
            statement.finish()
            #expect(try connection.statement(sql).facts == expected, "from the cache")
        }
    }

    @Test("what sqlite3_stmt_readonly says of a statement that changes state, the facts correct")
    func readOnly() throws {
        try withConnection { connection throws in
            for sql in ["COMMIT", "SAVEPOINT s", "ATTACH 'x' AS x", "PRAGMA foreign_keys = OFF"] {
                try connection.withStatement(sql) { statement throws in
                    let isReadOnly = statement.isReadOnly
                    #expect(isReadOnly)
                    #expect(!statement.facts.isEmpty)
                }
            }
            try connection.withStatement("EXPLAIN CREATE TABLE t(a)") { statement throws in
                let isExplain = statement.isExplain
                #expect(isExplain)
                let isReadOnly = statement.isReadOnly
                #expect(!isReadOnly)
                #expect(statement.sql == "EXPLAIN CREATE TABLE t(a)")
            }
        }
    }

    private static func names(_ facts: StatementFacts) -> [Int] {
        (0..<32).filter { facts.contains(StatementFacts(rawValue: 1 << UInt32($0))) }
    }
}
