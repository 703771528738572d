import CofferTesting
import Logging
import Testing
import Timekeeping

@testable import ConnectionPool

typealias FakeLease = Lease<FakeDriver>

/// A pool of fake connections whose time and tasks only move when the test moves them.
final class PoolFixture: Sendable {
    let time: ManualTime
    let executor = StepExecutor()
    let driver = FakeDriver()
    let observer = RecordingObserver()
    let pool: ConnectionPool<FakeDriver>

    init(
        _ configuration: PoolConfiguration, jitter: Double = 0, clock: (any TimeSource)? = nil,
        totals: PoolTotals? = nil
    ) {
        let time = ManualTime()
        self.time = time
        pool = ConnectionPool(
            configuration: configuration, driver: driver, time: clock ?? time, executor: executor,
            logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }), observer: observer,
            totals: totals,
            jitter: { jitter })
    }

    var occupancy: PoolOccupancy { pool.statistics.occupancy }
    var counters: PoolCounters { pool.statistics.counters }

    /// Runs everything that can run.
    func run() {
        executor.run()
    }

    func advance(by duration: Duration) {
        time.advance(by: duration)
        run()
    }

    /// Starts a task and runs it as far as it goes.
    @discardableResult
    func start<Outcome: Sendable>(_ work: @escaping @Sendable () async throws -> Outcome) -> Attempt<Outcome> {
        let attempt = executor.start(work)
        run()
        return attempt
    }

    /// Starts an acquire and runs it as far as it goes.
    func acquire(timeout: Duration? = nil) -> Attempt<FakeLease> {
        start { [pool] in try await pool.lease(timeout: timeout) }
    }

    /// Acquires a connection that must be there to have.
    func lease(_ location: SourceLocation = #_sourceLocation) throws -> FakeLease {
        let attempt = acquire()
        return try #require(attempt.value, "\(String(describing: attempt.error))", sourceLocation: location)
    }

    func release(_ lease: FakeLease?, after error: (any Error)? = nil, _ location: SourceLocation = #_sourceLocation) {
        let attempt = start { try await lease?.release(after: error) }
        #expect(attempt.value != nil, "\(String(describing: attempt.error))", sourceLocation: location)
    }

    /// Starts a user who holds a connection until it is interrupted or its work is finished.
    func startWorking() -> Attempt<Int> {
        start { [pool] in
            try await pool.withConnection { connection in
                try await connection.work()
                return connection.number
            }
        }
    }

    func close(deadline: Duration = .seconds(10)) -> Attempt<PoolOccupancy> {
        start { [pool] in await pool.close(deadline: deadline) }
    }

    /// Closes the pool and proves that nothing is left of it.
    func tearDown(_ location: SourceLocation) {
        let closing = close()
        #expect(closing.value?.total == 0, "not all came back: \(occupancy)", sourceLocation: location)
        #expect(driver.opens == driver.closes, sourceLocation: location)
        #expect(counters.opens == counters.closes, sourceLocation: location)
        #expect(driver.connections.allSatisfy { !$0.isOpen }, sourceLocation: location)
        #expect(driver.violations == [], sourceLocation: location)
        #expect(occupancy.waiting == 0, sourceLocation: location)
        #expect(pool.statistics.suspectedLeaks == 0, sourceLocation: location)
        #expect(time.sleeperCount == 0, "a timer outlived its wait", sourceLocation: location)
        #expect(pool.decide { $0.invariantViolation } == nil, sourceLocation: location)
    }
}

/// Gives the test a pool, and afterwards proves that nothing of it is left.
func withPool(
    _ configuration: PoolConfiguration, jitter: Double = 0, location: SourceLocation = #_sourceLocation,
    _ test: (PoolFixture) throws -> Void
) throws {
    let fixture = PoolFixture(configuration, jitter: jitter)
    try test(fixture)
    fixture.tearDown(location)
}

extension Attempt {
    /// The pool error that the task ended with.
    var poolError: PoolError? { error as? PoolError }
}
