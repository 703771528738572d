import SQLCipher
import Testing

@Suite struct TransactionTests {
    private struct Failure: Error {}

    @Test("a transaction is committed when its body returns and rolled back when it throws")
    func commitAndRollback() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            let changes = try connection.transaction { try connection.run("INSERT INTO t VALUES (1), (2)") }
            #expect(changes == 2)
            #expect(throws: Failure.self) {
                try connection.transaction(.deferred) {
                    try connection.run("DELETE FROM t")
                    throw Failure()
                }
            }
            #expect(!connection.isInTransaction)
            #expect(try connection.value("SELECT count(*) FROM t") == 2)
        }
    }

    @Test("a commit that fails rolls back and throws its own error")
    func failedCommit() throws {
        try withConnection { connection throws in
            try connection.execute(
                "CREATE TABLE p(id PRIMARY KEY); CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)")
            let error = #expect(throws: SQLiteError.self) {
                try connection.transaction { try connection.run("INSERT INTO c VALUES (1)") }
            }
            #expect(error?.extendedCode.name == "SQLITE_CONSTRAINT_FOREIGNKEY")
            #expect(!connection.isInTransaction)
            #expect(try connection.value("SELECT count(*) FROM c") == 0)
        }
    }

    @Test("an error that makes SQLite roll back by itself is told as it is")
    func rolledBackBySQLite() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a UNIQUE ON CONFLICT ROLLBACK); INSERT INTO t VALUES (1)")
            let error = #expect(throws: SQLiteError.self) {
                try connection.transaction { try connection.run("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.code == .constraint)
        }
    }

    @Test("the number of changed rows is that of the statement, and 0 for one that changes nothing")
    func changes() throws {
        try withConnection { connection throws in
            #expect(try connection.run("CREATE TABLE t(a)") == 0)
            #expect(try connection.run("INSERT INTO t VALUES (1), (2), (3)") == 3)
            #expect(try connection.run("SELECT * FROM t") == 0)
            #expect(try connection.run("UPDATE t SET a = 9 WHERE a > 1") == 2)
            #expect(try connection.run("DELETE FROM t WHERE a = 100") == 0)
            #expect(try connection.run("CREATE TABLE u(a)") == 0)
        }
    }
}
