import CofferTesting
import Testing
import Workers

@testable import ConnectionPool

@Suite struct DeferredCleanupTests {
    @Test("cleanups left by 8 threads while a connection is idle are done before its next holder's own work")
    func whileIdle() async throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let first = try fixture.lease()
        fixture.release(first)
        await leaveCleanups(on: first.connection)
        let doneBeforeWork = fixture.start { [pool = fixture.pool] in
            try await pool.withConnection { connection in connection.state.withLock { $0.finalized.sorted() } }
        }
        #expect(doneBeforeWork.value == Array(0..<400))
        #expect(fixture.driver.opens == 1)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("cleanups left by 8 threads while a connection is leased are done before it is handed on")
    func whileLeased() async throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let first = try fixture.lease()
        let doneBeforeWork = fixture.start { [pool = fixture.pool] in
            try await pool.withConnection { connection in connection.state.withLock { $0.finalized.sorted() } }
        }
        await leaveCleanups(on: first.connection)
        #expect(first.connection.state.withLock { $0.finalized }.isEmpty)
        fixture.release(first)
        #expect(doneBeforeWork.value == Array(0..<400))
        #expect(fixture.driver.opens == 1)
        fixture.tearDown(#_sourceLocation)
    }

    /// 8 threads leave 50 cleanups each.
    private func leaveCleanups(on connection: FakeConnection) async {
        let workers = WorkerExecutor(threads: 8)
        await withTaskGroup { group in
            for thread in 0..<8 {
                group.addTask(executorPreference: workers) {
                    for number in 0..<50 { connection.leaveCleanup(thread * 50 + number) }
                }
            }
        }
        workers.shutdown()
    }
}
