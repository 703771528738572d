import SQLCipher
import Testing
import Timekeeping
import Workers

@Suite struct InterruptionTests {
    @Test("another thread stops an endless query")
    func interruptFromAnotherThread() throws {
        try withConnection { connection throws in
            let statement = try connection.statement(endlessQuery)
            let thread = PosixThread { connection.interrupt() }
            let error = #expect(throws: SQLiteError.self) { try statement.step() }
            thread.join()
            #expect(error?.code == .interrupt)
            #expect(error?.interruption == .requested)
            #expect(error?.isConnectionBroken == false)
            statement.finish()
        }
    }

    @Test("an interruption that comes before the first step is not lost, and holds until it is cleared")
    func sticky() throws {
        try withConnection { connection throws in
            connection.interrupt()
            for _ in 0..<2 {
                let error = #expect(throws: SQLiteError.self) { try connection.value("SELECT 1") }
                #expect(error?.interruption == .requested)
            }
            connection.clearLimit()
            #expect(try connection.value("SELECT 1") == 1)
            connection.interrupt()
            #expect(connection.reset() == .asNew)
            #expect(try connection.value("SELECT 1") == 1)
        }
    }

    @Test("a deadline stops an endless query and a busy one between its rows")
    func deadline() throws {
        try withConnection { connection throws in
            connection.limit(until: SystemTime().now.advanced(by: .milliseconds(20)))
            let error = #expect(throws: SQLiteError.self) { try connection.value(endlessQuery) }
            #expect(error?.code == .interrupt)
            #expect(error?.interruption == .deadline)
            connection.limit(until: SystemTime().now.advanced(by: .milliseconds(20)))
            let rows = #expect(throws: SQLiteError.self) {
                try connection.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n")
            }
            #expect(rows?.interruption == .deadline)
        }
    }

    @Test("a deadline in the past stops a statement before it has done anything")
    func pastDeadline() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            connection.limit(until: SystemTime().now)
            let error = #expect(throws: SQLiteError.self) { try connection.run("INSERT INTO t VALUES (1)") }
            #expect(error?.interruption == .deadline)
            connection.limit(until: nil)
            #expect(try connection.value("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("a deadline that is not reached stops nothing")
    func distantDeadline() throws {
        try withConnection { connection throws in
            connection.limit(until: SystemTime().now.advanced(by: .seconds(3600)))
            #expect(
                try connection.value(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000) SELECT count(*) FROM n"
                ) == 100_000)
        }
    }

    @Test("after an interruption the transaction can be rolled back, and the connection goes on")
    func afterInterruption() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); BEGIN; INSERT INTO t VALUES (1)")
            connection.interrupt()
            #expect(throws: SQLiteError.self) { try connection.value("SELECT count(*) FROM t") }
            #expect(connection.reset() == .asNew)
            #expect(!connection.isInTransaction)
            #expect(try connection.value("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("an interruption before the close does not keep the WAL")
    func closeAfterInterruption() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a)")
            let statement = try connection.statement(endlessQuery)
            let thread = PosixThread { connection.interrupt() }
            #expect(throws: SQLiteError.self) { try statement.step() }
            thread.join()
            connection.interrupt()
            #expect(try connection.close() == [endlessQuery])
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("interrupting is safe while the connection closes, and after it")
    func interruptDuringClose() throws {
        try withDatabase { database throws in
            for _ in 0..<50 {
                let connection = try database.open()
                try connection.execute("CREATE TABLE IF NOT EXISTS t(a); INSERT INTO t VALUES (1)")
                let isDone = SharedFlag()
                let thread = PosixThread { while !isDone.isSet { connection.interrupt() } }
                try connection.close()
                isDone.set()
                thread.join()
                connection.interrupt()
                #expect(!connection.isReachableForInterruption)
                #expect(database.directory.entries == ["main.db"])
            }
        }
    }

    @Test("waiting for a lock ends with the deadline, long before the busy timeout")
    func deadlineWhileBusy() throws {
        try withDatabase { database throws in
            let holder = try database.open()
            let waiter = try database.open { $0.busyTimeout = .seconds(600) }
            try holder.execute("CREATE TABLE t(a); BEGIN IMMEDIATE")
            waiter.limit(until: SystemTime().now.advanced(by: .milliseconds(20)))
            let error = #expect(throws: SQLiteError.self) { try waiter.run("INSERT INTO t VALUES (1)") }
            #expect(error?.code == .busy)
            try holder.execute("COMMIT")
            waiter.clearLimit()
            try waiter.run("INSERT INTO t VALUES (1)")
            try waiter.close()
            try holder.close()
        }
    }

    @Test("waiting for a lock ends with the busy timeout, and at once where there is none")
    func busyTimeout() throws {
        try withDatabase { database throws in
            let holder = try database.open()
            try holder.execute("CREATE TABLE t(a); BEGIN IMMEDIATE")
            for timeout in [Duration.zero, .milliseconds(30)] {
                let waiter = try database.open { $0.busyTimeout = timeout }
                let clock = ContinuousClock()
                let waited = clock.measure {
                    let error = #expect(throws: SQLiteError.self) { try waiter.run("INSERT INTO t VALUES (1)") }
                    #expect(error?.code == .busy)
                }
                #expect(waited >= timeout)
                try waiter.close()
            }
            try holder.close()
        }
    }

    @Test("a lock that is given up in time is taken")
    func busyInTime() throws {
        try withDatabase { database throws in
            let holder = try database.open()
            try holder.execute("CREATE TABLE t(a); BEGIN IMMEDIATE")
            let waiter = try database.open { $0.busyTimeout = .seconds(600) }
            let thread = PosixThread { try! holder.execute("COMMIT") }
            try waiter.run("INSERT INTO t VALUES (1)")
            thread.join()
            try waiter.close()
            try holder.close()
        }
    }
}
