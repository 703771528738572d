import Synchronization
import Workers

/// The tasks on the workers that shutting down cancels and waits for: the workers must outlive them.
final class WorkUnderWay: Sendable {
    private struct State {
        var tasks: [Int: Task<Void, Never>] = [:]
        var last = 0
        var isShutDown = false
    }

    private let state = Mutex(State())

    /// Starts `work` on `workers`; `nil` after the shutdown. Only that cancels it.
    func start<Result: Sendable>(
        on workers: WorkerExecutor, _ work: @escaping @Sendable () async throws -> Result
    ) -> Task<Result, any Error>? {
        state.withLock { state in
            guard !state.isShutDown else { return nil }
            state.last += 1
            let id = state.last
            let task = Task(executorPreference: workers) { try await work() }
            state.tasks[id] = Task(executorPreference: workers) { [self] in
                await withTaskCancellationHandler {
                    _ = await task.result
                } onCancel: {
                    task.cancel()
                }
                self.state.withLock { $0.tasks[id] = nil }
            }
            return task
        }
    }

    /// Cancels all and waits for their end; nothing starts any more.
    func shutDown() async {
        let tasks = state.withLock { state in
            state.isShutDown = true
            return Array(state.tasks.values)
        }
        for task in tasks { task.cancel() }
        for task in tasks { await task.value }
    }
}
