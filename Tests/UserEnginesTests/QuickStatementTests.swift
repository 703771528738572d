import CofferTesting
import Glibc
import SQLCipher
import Synchronization
import Testing
import Workers

@testable import UserEngines

@Suite("Statements on an event thread") struct QuickStatementTests {
    /// What one statement gave, and on which threads it was begun.
    private struct Run: Sendable {
        var rows: [[Value]]
        var begins: [Bool]
    }

    /// Runs a statement in a task that begins on the calling thread, as a request's does; a begin is true if it was there.
    private func run(_ sql: String, _ argument: Value, as user: UserID, in fixture: EngineFixture) async throws -> Run {
        let caller = pthread_self()
        let begins = Mutex<[Bool]>([])
        let workers = WorkerExecutor(threads: 1)
        defer { workers.shutdown() }
        let task = Task.immediate(executorPreference: fixture.workers) {
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                try await engine.run(
                    sql, .positional([argument]), timeout: .seconds(30), from: .eventThread(workers: workers)
                ) { statement, _ in
                    begins.withLock { $0.append(pthread_self() == caller) }
                    var rows: [[Value]] = []
                    while try statement.step() { rows.append(try statement.row()) }
                    return rows
                }
            }
        }
        let rows = try await task.value
        return Run(rows: rows, begins: begins.withLock { $0 })
    }

    private let sum = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT sum(i) FROM c"

    /// Runs a statement until it is trusted to be quick. Other load may make any single run slow.
    private func warmUp(_ user: UserID, in fixture: EngineFixture) async throws {
        try await eventually {
            try await run(sum, .integer(1), as: user, in: fixture).begins == [true]
        }
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
            try await warmUp(user, in: fixture)
            let long = try await run(sum, .integer(2_000_000), as: user, in: fixture)
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
            try await warmUp(user, in: fixture)
            for _ in 0..<100 {
                let run = try await run("SELECT hex(?)", .text("a"), as: user, in: fixture)
                #expect(run.begins == [false])
            }
        }
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
