import CofferTesting
import Testing
import Workers

@Suite struct WorkerExecutorTests {
    @Test("as many blocking tasks run at once as there are threads")
    func parallelism() async {
        let workers = WorkerExecutor(threads: 8)
        let barrier = Barrier(8)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask(executorPreference: workers) { barrier.wait() }
            }
        }
        workers.shutdown()
    }

    @Test("a task that awaits holds no thread")
    func awaitingHoldsNoThread() async {
        let workers = WorkerExecutor(threads: 1)
        let gate = Gate()
        let waiting = Task(executorPreference: workers) { await gate.pass() }
        await gate.arrivals(atLeast: 1)
        await Task(executorPreference: workers) {}.value
        gate.open()
        await waiting.value
        workers.shutdown()
    }

    @Test("an actor on a serial thread runs one job at a time, in order")
    func serialThread() async {
        actor Log {
            nonisolated let executor = SerialThreadExecutor()
            nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
            private(set) var entries: [Int] = []

            func append(_ entry: Int) { entries.append(entry) }
        }
        let log = Log()
        for entry in 0..<100 { await log.append(entry) }
        #expect(await log.entries == Array(0..<100))
        log.executor.shutdown()
    }
}
