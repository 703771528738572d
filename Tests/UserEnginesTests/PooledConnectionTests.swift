import CofferTesting
import ConnectionPool
import Logging
import Secrets
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import SQLCipher
@testable import UserEngines

/// The pool over real SQLCipher connections of one file, at most one or a few at a time.
@Suite struct PooledConnectionTests {
    private struct Pooled {
        let pool: ConnectionPool<UserConnectionDriver>
        let path: String
        let workers: WorkerExecutor

        func count() async throws -> Int {
            try await pool.withConnection { connection in
                let row = try connection.firstRow("SELECT count(*) FROM t")
                guard case .integer(let count)? = row?.first else { return -1 }
                return Int(count)
            }
        }
    }

    private func run(maximum: Int = 1, _ body: (Pooled) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let workers = WorkerExecutor(threads: 8)
            let budget = DescriptorBudget(capacity: 1000, time: SystemTime())
            let path = directory.file("main.db")
            let key = try GuardedBytes.random(count: 48)
            var configuration = ConnectionConfiguration(path: path, authorizer: UserAuthorizer(), logger: .silent)
            configuration.createIfMissing = true
            let pool = ConnectionPool(
                configuration: PoolConfiguration(maximum: maximum, acquireTimeout: .seconds(30)),
                driver: UserConnectionDriver(
                    configuration: configuration, key: key, role: .writer,
                    file: EngineFile(path, EngineDescriptors(budget: budget, timeout: .seconds(1)) {}), makeWay: {}),
                time: SystemTime(), executor: workers, logger: .silent)
            try await pool.withConnection { try $0.execute("CREATE TABLE t (a UNIQUE)") }
            do {
                try await body(Pooled(pool: pool, path: path, workers: workers))
            } catch {
                Issue.record(error)
            }
            let left = await pool.close(deadline: .seconds(10))
            workers.shutdown()
            #expect(left.total == 0)
            #expect(pool.statistics.counters.opens == pool.statistics.counters.closes)
            #expect(OpenFiles.paths(under: directory.path) == [])
            #expect(budget.used == 0)
        }
    }

    @Test("a use without a task leaves no more behind than one with a task")
    func withoutTask() async throws {
        try await run { pooled in
            let first = try pooled.pool.withIdleConnection { connection in
                try connection.execute("BEGIN; INSERT INTO t VALUES (1)")
                return ObjectIdentifier(connection)
            }
            let second = try pooled.pool.withIdleConnection { ObjectIdentifier($0) }
            #expect(first != nil && first == second)
            #expect(try await pooled.count() == 0)
            let whileLeased = try await pooled.pool.withConnection { _ in
                try pooled.pool.withIdleConnection { _ in true }
            }
            #expect(whileLeased == nil, "the only one is leased")
            let isInterrupted = try pooled.pool.withIdleConnection { _ in
                pooled.pool.interruptOldest(.cancelled) { $0.interrupt() }
            }
            #expect(isInterrupted == true)
            try await eventually { pooled.pool.gauges.occupancy.total == 0 }
            #expect(try await pooled.count() == 0)
            #expect(throws: SQLiteError.self) {
                try pooled.pool.withIdleConnection { _ in throw SQLiteError(.corrupt, message: "") }
            }
            try await eventually { pooled.pool.gauges.occupancy.total == 0 }
            let afterwards = try pooled.pool.withIdleConnection { _ in true }
            #expect(afterwards == nil, "nothing is opened")
        }
    }

    @Test("uncommitted writes are invisible to the next holder of the same connection")
    func dirtyTransaction() async throws {
        try await run { pooled in
            let first = try await pooled.pool.withConnection { connection in
                try connection.execute("BEGIN; INSERT INTO t VALUES (1)")
                return connection
            }
            try await pooled.pool.withConnection { connection in
                #expect(connection === first)
                #expect(!connection.isInTransaction)
            }
            #expect(try await pooled.count() == 0)
        }
    }

    @Test("committed writes survive the release")
    func committed() async throws {
        try await run { pooled in
            try await pooled.pool.withConnection { try $0.execute("BEGIN; INSERT INTO t VALUES (1); COMMIT") }
            #expect(try await pooled.count() == 1)
        }
    }

    @Test("a violated constraint keeps the connection, a broken file evicts it")
    func evictionByResultCode() async throws {
        try await run { pooled in
            let first = try await pooled.pool.withConnection { $0 }
            await #expect(throws: SQLiteError.self) {
                try await pooled.pool.withConnection { connection in
                    _ = try connection.run("INSERT INTO t VALUES (1)")
                    _ = try connection.run("INSERT INTO t VALUES (1)")
                }
            }
            try await pooled.pool.withConnection { #expect($0 === first) }
            await #expect(throws: SQLiteError.self) {
                try await pooled.pool.withConnection { _ in throw SQLiteError(.ioError, message: "disk I/O error") }
            }
            try await pooled.pool.withConnection { #expect($0 !== first) }
            #expect(first.isClosed)
        }
    }

    @Test("a cancelled query ends, its connection is closed, and the next holder gets another one")
    func cancellation() async throws {
        try await run { pooled in
            let started = Gate(open: true)
            let holder = Holder()
            let query = Task(executorPreference: pooled.workers) {
                try await pooled.pool.withConnection { connection in
                    holder.connection.withLock { $0 = connection }
                    await started.pass()
                    _ = try connection.rows(
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n")
                }
            }
            await started.arrivals(atLeast: 1)
            query.cancel()
            let error = await #expect(throws: SQLiteError.self) { try await query.value }
            #expect(error?.interruption == .requested)
            let cancelled = try #require(holder.connection.withLock { $0 })
            try await pooled.pool.withConnection { #expect($0 !== cancelled) }
            #expect(cancelled.isClosed)
            #expect(pooled.pool.statistics.counters.evictions[.cancelled] == 1)
        }
    }

    @Test("statements dropped by 8 threads are all finalized by the next holder before its own work")
    func deferredCleanup() async throws {
        try await run { pooled in
            let lease = try await pooled.pool.lease()
            let statements = try (0..<400).map { _ in
                StatementBox(try lease.connection.statement("SELECT a FROM t WHERE a = ?"))
            }
            await withTaskGroup(of: Void.self) { group in
                for thread in 0..<8 {
                    group.addTask {
                        for statement in statements[thread * 50..<thread * 50 + 50] { statement.drop() }
                    }
                }
            }
            #expect(lease.connection.compiled.lent.count == 400)
            try await lease.release()
            try await pooled.pool.withConnection { #expect($0.compiled.lent.isEmpty) }
        }
    }

    @Test(
        "8 tasks read, write, roll back, break off and cancel for a minute, and the counts end at 0",
        .enabled(if: LongTests.areEnabled))
    func stress() async throws {
        try await run(maximum: 3) { pooled in
            let end = ContinuousClock.now + .seconds(60)
            let counter = Counter()
            await withTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        var round = 0
                        while ContinuousClock.now < end {
                            round += 1
                            let key = worker * 1_000_000_000 + round
                            await step(round % 4, key, pooled, counter)
                        }
                    }
                }
            }
            let stored = try await pooled.count()
            #expect(stored == counter.value)
        }
    }

    private final class Holder: Sendable {
        let connection = Mutex<Connection?>(nil)
    }

    private final class Counter: Sendable {
        private let count = Atomic<Int>(0)
        var value: Int { count.load(ordering: .relaxed) }
        func increment() { count.wrappingAdd(1, ordering: .relaxed) }
    }

    private func step(_ kind: Int, _ key: Int, _ pooled: Pooled, _ counter: Counter) async {
        switch kind {
        case 0:
            let inserted = try? await pooled.pool.withConnection { connection in
                try connection.run("INSERT INTO t VALUES (?)", [.integer(Int64(key))])
            }
            if inserted == 1 { counter.increment() }
        case 1:
            try? await pooled.pool.withConnection { connection in
                try connection.execute("BEGIN IMMEDIATE; INSERT INTO t VALUES (-\(key))")
            }
        case 2:
            let task = Task { try await pooled.count() }
            task.cancel()
            _ = try? await task.value
        default:
            struct Broken: Error {}
            try? await pooled.pool.withConnection { _ in throw Broken() }
        }
    }
}

/// A statement that another thread lets go of.
///
/// Sound as `@unchecked Sendable`: it is handed to one task, which drops it.
private final class StatementBox: @unchecked Sendable {
    private var statement: Statement?

    init(_ statement: consuming Statement) {
        self.statement = consume statement
    }

    func drop() {
        statement = nil
    }
}

extension Logger {
    static let silent = Logger(label: "silent", factory: { _ in SwiftLogNoOpLogHandler() })
}
