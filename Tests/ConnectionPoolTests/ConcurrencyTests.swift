import CofferTesting
import Logging
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import ConnectionPool

@Suite("Concurrency: the same promises on real threads and the real clock") struct ConcurrencyTests {
    @Test("8 users on 4 threads that use, break, interrupt, cancel and give up leave nothing behind")
    func everythingAtOnce() async throws {
        let workers = WorkerExecutor(threads: 4)
        let driver = FakeDriver()
        driver.script(.open) { occurrence, _ in
            await Task.yield()
            if occurrence % 17 == 16 { throw FakeError.refused }
        }
        driver.script(.close) { _, _ in await Task.yield() }
        let pool = ConnectionPool(
            configuration: PoolConfiguration(maximum: 3, queueLimit: 4), driver: driver, time: SystemTime(),
            executor: workers, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))

        await withTaskGroup { group in
            for user in 0..<8 {
                group.addTask(executorPreference: workers) {
                    for round in 0..<400 { await Self.use(pool, kind: (user * 7 + round * 5) % 8) }
                }
            }
            group.addTask(executorPreference: workers) {
                for round in 0..<200 {
                    pool.resize(maximum: 1 + round % 4)
                    pool.maintain()
                    pool.closeIdle()
                    await Task.yield()
                }
            }
        }

        let remaining = await pool.close(deadline: .seconds(30))
        #expect(remaining.total == 0)
        #expect(driver.opens == driver.closes)
        #expect(pool.statistics.counters.opens == pool.statistics.counters.closes)
        #expect(pool.statistics.counters.acquisitions > 0)
        #expect(driver.violations == [])
        #expect(driver.mostOpen <= 4)
        workers.shutdown()
    }

    private static func use(_ pool: ConnectionPool<FakeDriver>, kind: Int) async {
        // Every error is one that this mixture is meant to cause; what matters is what it leaves behind.
        switch kind {
        case 0:
            try? await pool.withConnection { connection in
                await connection.exclusively("a use") { await Task.yield() }
                throw FakeError.broken
            }
        case 1:
            let task = Task { try await pool.withConnection { try await $0.work() } }
            await Task.yield()
            task.cancel()
            _ = await task.result
        case 2:
            _ = try? await pool.lease(timeout: .microseconds(50)).release()
        case 3:
            guard let lease = try? await pool.lease() else { return }
            lease.interrupt()
            try? await lease.release()
        case 4:
            guard let lease = pool.leaseIfIdle() else { return }
            try? lease.evict(.broken)
        default:
            try? await pool.withConnection { connection in
                await connection.exclusively("a use") { await Task.yield() }
            }
        }
    }
}
