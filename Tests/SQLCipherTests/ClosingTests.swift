import CSQLCipher
import CofferTesting
import SQLCipher
import Testing
import Workers

@Suite struct ClosingTests {
    @Test("an unfinished statement is reported with its SQL, not with its arguments, and keeps nothing open")
    func unfinishedStatement() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            let statement = try connection.statement("SELECT a FROM t WHERE a > ?1")
            try statement.bind([0])
            #expect(try statement.step())
            #expect(try connection.close() == ["SELECT a FROM t WHERE a > ?1"])
            #expect(database.openFiles.isEmpty)
            #expect(connection.isClosed)
            let error = #expect(throws: SQLiteError.self) { try statement.step() }
            #expect(error?.code == .misuse)
            statement.finish()
        }
    }

    @Test("an unfinished statement on a full-text table, which has statements of its own, is ended soundly")
    func unfinishedFullTextStatement() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE VIRTUAL TABLE f USING fts5(a); INSERT INTO f VALUES ('a b'), ('a c')")
            let statement = try connection.statement("SELECT a FROM f WHERE f MATCH 'a'")
            #expect(try statement.step())
            #expect(try connection.close().count == 1)
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("a dropped statement is no unfinished one")
    func droppedStatement() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            _ = try connection.statement("SELECT 1").step()
            #expect(try connection.close() == [])
        }
    }

    @Test("closing twice is fine, and everything after it says so")
    func twice() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.close()
            #expect(try connection.close() == [])
            for use in [
                { _ = try connection.statement("SELECT 1") }, { try connection.execute("SELECT 1") },
                { _ = try connection.checkpoint(.passive) }, { try connection.check() },
            ] {
                let error = #expect(throws: SQLiteError.self, performing: use)
                #expect(error?.code == .misuse)
            }
            connection.finalizeDeferred()
            connection.limit(until: nil)
            connection.clearLimit()
            #expect(connection.changes == 0 && connection.lastInsertRowID == 0 && !connection.isInTransaction)
        }
    }

    @Test("a connection that is dropped without being closed closes its files nevertheless")
    func dropped() throws {
        try withDatabase { database throws in
            func use() throws {
                try database.open().execute("CREATE TABLE t(a)")
            }
            try use()
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("an open transaction is rolled back by the close")
    func openTransaction() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1)")
            try connection.close()
            let second = try database.open()
            #expect(try second.value("SELECT count(*) FROM t") == 0)
            try second.close()
        }
    }

    @Test(
        "whatever the order of closing, no descriptor and no WAL stays",
        arguments: [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
    func order(indexes: [Int]) throws {
        for fileSystem in [ConnectionConfiguration.FileSystem.unixExclusive, .unix] {
            try withDatabase { database throws in
                let connections = try (0..<3).map { index in
                    try database.open {
                        $0.fileSystem = fileSystem
                        $0.access = index == 1 ? .queryOnly : .readWrite
                    }
                }
                try connections[0].execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
                for connection in connections { #expect(try connection.value("SELECT a FROM t") == 1) }
                for index in indexes { try connections[index].close() }
                #expect(database.openFiles.isEmpty)
                #expect(database.directory.entries == ["main.db"])
            }
        }
    }

    @Test("a connection for queries that is closed last cleans up as well")
    func queryOnlyLast() throws {
        try withDatabase { database throws in
            let writer = try database.open()
            let reader = try database.open { $0.access = .queryOnly }
            try writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            #expect(try reader.value("SELECT a FROM t") == 1)
            try writer.close()
            try reader.close()
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("a backup that still runs makes the close fail; it can be repeated")
    func busyClose() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a)")
            let other = try database.open { $0.path = database.directory.file("other.db") }
            let backup = try connection.withHandles(other) { sqlite3_backup_init($1, "main", $0, "main") }
            #expect(backup != nil)
            let error = #expect(throws: SQLiteError.self) { try connection.close() }
            #expect(error?.code == .busy)
            #expect(!connection.isClosed)
            sqlite3_backup_finish(backup)
            try connection.close()
            try other.close()
        }
    }

    @Test("two threads open and close connections of one file 2,000 times each", .timeLimit(.minutes(5)))
    func stress() throws {
        try withDatabase { database throws in
            let keeper = try database.open()
            try keeper.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            let configuration = keeper.configuration
            try keeper.close()
            let work: @Sendable () -> Void = {
                for _ in 0..<2000 {
                    let connection = TestDatabase.key.withUnsafeBytes {
                        try! Connection.open(configuration, key: $0)
                    }
                    precondition(try! connection.firstRow("SELECT a FROM t") == [1])
                    try! connection.close()
                }
            }
            let thread = PosixThread(body: work)
            work()
            thread.join()
            #expect(database.directory.entries == ["main.db"])
        }
    }
}
