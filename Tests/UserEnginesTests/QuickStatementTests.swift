import CofferTesting
import Glibc
import SQLCipher
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import UserEngines

@Suite("Statements on an event thread") struct QuickStatementTests {
    /// What one statement gave, and on which threads it was begun.
    private struct Run: Sendable {
        var rows: [[Value]]
        var begins: [Bool]
    }

    /// Runs a statement as a request does: on this thread if it is quick, else on a worker; a begin is true if it was here.
    private func run(_ sql: String, _ argument: Value, as user: UserID, in fixture: EngineFixture) async throws -> Run {
        let begins = Mutex<[Bool]>([])
        let read = { @Sendable (isHere: Bool, statement: borrowing Statement) in
            begins.withLock { $0.append(isHere) }
            var rows: [[Value]] = []
            while try statement.step() { rows.append(try statement.row()) }
            return rows
        }
        let quick = try fixture.registry.withOpenEngine(of: user) { engine in
            try engine.runIfQuick(sql, .positional([argument]), timeout: .seconds(30)) { statement, _ in
                try read(true, statement)
            }
        }
        if let rows = quick ?? nil { return Run(rows: rows, begins: begins.withLock { $0 }) }
        let rows = try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
            try await engine.run(sql, .positional([argument]), timeout: .seconds(30)) { statement, _ in
                try read(false, statement)
            }
        }
        return Run(rows: rows, begins: begins.withLock { $0 })
    }

    private let sum = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT sum(i) FROM c"

    /// Runs a statement until it is trusted to be quick. Other load may make any single run slow.
    private func warmUp(_ sql: String, _ user: UserID, in fixture: EngineFixture) async throws {
        try await eventually {
            try await run(sql, .integer(1), as: user, in: fixture).begins == [true]
        }
    }

    /// Runs a statement with an argument that makes it long, while it is trusted to be quick.
    private func runTrusted(
        _ sql: String, _ argument: Value, as user: UserID, in fixture: EngineFixture
    ) async throws -> Run {
        var trusted: Run?
        try await eventually {
            try await warmUp(sql, user, in: fixture)
            trusted = try await run(sql, argument, as: user, in: fixture)
            return trusted?.begins.first == true
        }
        return try #require(trusted)
    }

    @Test("what is not known to be quick is not begun there")
    func unknown() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            #expect(try await run(sum, .integer(1), as: user, in: fixture).begins == [false])
            #expect(try await run("CREATE TABLE t AS SELECT ?", .integer(1), as: user, in: fixture).begins == [false])
        }
    }

    @Test("what turns out to be long is begun anew on a worker, and its connection stays")
    func beginsAnew() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let long = try await runTrusted(sum, .integer(2_000_000), as: user, in: fixture)
            #expect(long.begins == [true, false])
            #expect(long.rows == [[.integer(2_000_001_000_000)]])
            #expect(try await run(sum, .integer(3), as: user, in: fixture).begins == [false], "it has lost its trust")
            let readers = fixture.registry.census().readers.occupancy
            #expect((readers.idle, readers.total) == (1, 1))
        }
    }

    @Test("a function that can make much out of little is never called there, however quick it has been")
    func unboundedFunction() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await warmUp(sum, user, in: fixture)
            for _ in 0..<100 {
                let run = try await run("SELECT hex(?)", .text("a"), as: user, in: fixture)
                #expect(run.begins == [false])
            }
        }
    }

    @Test("a large value is read on a worker, however small those before were")
    func largeValue() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", as: user)
            _ = try await fixture.run("INSERT INTO t VALUES (1, 'a'), (2, zeroblob(100000))", as: user)
            for sql in ["SELECT a FROM t WHERE id = ?", "SELECT count(*) FROM t WHERE id = ? AND a > 0"] {
                let large = try await runTrusted(sql, .integer(2), as: user, in: fixture)
                #expect(large.begins == [true, false])
                #expect(
                    large.rows == [[sql.contains("count") ? .integer(1) : .blob([UInt8](repeating: 0, count: 100_000))]]
                )
            }
        }
    }

    @Test("a schema that has become larger than a value may be there is no obstacle")
    func largeSchema() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", as: user)
            _ = try await fixture.run("INSERT INTO t VALUES (1, 'a')", as: user)
            let sql = "SELECT a FROM t WHERE id = ?"
            try await warmUp(sql, user, in: fixture)
            _ = try await fixture.run("CREATE VIEW v AS SELECT '\(String(repeating: "x", count: 100_000))'", as: user)
            for _ in 0..<3 {
                #expect(try await run(sql, .integer(1), as: user, in: fixture).rows == [[.text("a")]])
            }
        }
    }

    @Test("after statements that could not be stopped in time none of the user's is run there for a while")
    func brake() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", as: user)
            // What stands behind a long value is found by way of all its pages.
            _ = try await fixture.run("INSERT INTO t VALUES (1, 1, 1), (2, zeroblob(16000000), 2)", as: user)
            let sql = "SELECT b FROM t WHERE id = ?"
            // The first may go unmeasured, but has those that follow measured.
            var stalls = 0
            try await eventually {
                let run = try await runTrusted(sql, .integer(2), as: user, in: fixture)
                #expect(run.rows == [[.integer(2)]])
                stalls += 1
                return fixture.registry.withOpenEngine(of: user) { $0.quickBrake.isOn(at: SystemTime().now) }
                    == true
            }
            #expect(stalls <= 2)
            for _ in 0..<30 {
                #expect(try await run(sql, .integer(1), as: user, in: fixture).begins == [false])
            }
        }
    }

    @Test("the brake goes on with a long run, and is on for a thousand times as long") func brakeTimes() {
        let brake = QuickBrake()
        let start = MonotonicInstant(nanoseconds: 0)
        func isOn(at instant: MonotonicInstant) -> Bool { brake.isOn(at: instant) }
        func record(_ duration: Duration) { brake.record(RunTime(end: start, elapsed: duration, taken: duration)) }
        record(QuickBrake.longestRun - .nanoseconds(1))
        #expect(!isOn(at: start))
        record(QuickBrake.longestRun)
        record(QuickBrake.longestRun / 2)
        let pause = Duration.seconds(10)
        #expect(isOn(at: start.advanced(by: pause - .nanoseconds(1))))
        #expect(!isOn(at: start.advanced(by: pause)))
        record(QuickBrake.longestRun * 2)
        record(QuickBrake.longestRun)
        #expect(isOn(at: start.advanced(by: pause)), "the shorter run of two at once does not end it")
    }

    @Test("after a run that seems slow, and was not measured, runs are measured for a thousand times as long")
    func doubt() {
        let brake = QuickBrake()
        let start = MonotonicInstant(nanoseconds: 0)
        func isOn(at instant: MonotonicInstant) -> Bool { brake.isOn(at: instant) }
        func isInDoubt(at instant: MonotonicInstant) -> Bool { brake.isInDoubt(at: instant) }
        func record(_ elapsed: Duration, taken: Duration?) {
            brake.record(RunTime(end: start, elapsed: elapsed, taken: taken))
        }
        record(QuickBrake.longestRun, taken: .milliseconds(1))
        #expect(!isInDoubt(at: start), "what was measured is known")
        record(.milliseconds(20), taken: nil)
        record(.milliseconds(1), taken: nil)
        #expect(!isOn(at: start), "another thread may have had the processor")
        #expect(isInDoubt(at: start.advanced(by: .seconds(20) - .nanoseconds(1))))
        #expect(!isInDoubt(at: start.advanced(by: .seconds(20))))
    }

    @Test("a writer's statement is never begun there")
    func writer() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            for number in 0..<20 {
                let run = try await run("INSERT INTO t VALUES (?)", .integer(Int64(number)), as: user, in: fixture)
                #expect(run.begins == [false])
            }
        }
    }
}
