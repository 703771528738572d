import Workers

/// The thread that a statement's task is on when it begins.
public enum StatementStart: Sendable {
    /// A worker, which may block.
    case worker
    /// An event thread, whose clients all wait meanwhile: what is not expected to be quick goes to the workers.
    case eventThread(workers: WorkerExecutor)

    /// Runs `work` where it may block. `Task.yield()` would not do: it may return without having left the thread.
    nonisolated(nonsending) func onWorker<Result>(_ work: () async throws -> Result) async throws -> Result {
        switch self {
        case .worker: try await work()
        case .eventThread(let workers): try await withTaskExecutorPreference(workers, operation: work)
        }
    }
}
