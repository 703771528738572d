import Benchmark
import ConnectionPool
import Logging
import Timekeeping
import Workers

func poolBenchmarks() {
    Benchmark("pool: lease and release") { benchmark, pool in
        for _ in benchmark.scaledIterations { try await pool.lease().release() }
    } setup: {
        try await openedPool()
    }
    Benchmark("pool: lease if idle and release") { benchmark, pool in
        for _ in benchmark.scaledIterations { try await pool.leaseIfIdle()?.release() }
    } setup: {
        try await openedPool()
    }
}

/// A pool whose one connection is idle. It lives as long as the process: the benchmark has no end for it.
private func openedPool() async throws -> ConnectionPool<NothingDriver> {
    let pool = ConnectionPool(
        configuration: PoolConfiguration(maximum: 3), driver: NothingDriver(), time: SystemTime(),
        executor: WorkerExecutor(threads: 1), logger: Logger(label: "benchmark"))
    try await pool.lease().release()
    return pool
}

/// Opens connections to nothing, so that what is left is the pool.
private struct NothingDriver: ConnectionDriver {
    final class Nothing: Sendable {}

    func open() async throws -> Nothing { Nothing() }
    func check(_ connection: Nothing) async -> Bool { true }
    func drain(_ connection: Nothing) {}
    nonisolated(nonsending) func reset(_ connection: Nothing) async -> ResetResult { .reusable }
    func interrupt(_ connection: Nothing) {}
    func close(_ connection: Nothing) async throws {}
    func evictionReason(for error: any Error) -> EvictionReason? { nil }
}
