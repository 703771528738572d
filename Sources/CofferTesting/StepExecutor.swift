import Synchronization

/// A task executor that runs nothing until the test says so, and then everything, in order, in the test's own thread.
///
/// When ``run()`` returns, every task on it has ended or waits for something that the test has in its hand (a gate, the
/// manual clock), so a test can look at the state of things without waiting for anything.
public final class StepExecutor: TaskExecutor, Sendable {
    private let jobs = Mutex<[UnownedJob]>([])

    /// Makes an executor with nothing to run.
    public init() {}

    /// Queues a job; called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.withLock { $0.append(job) }
    }

    /// Runs all jobs, those included that are queued meanwhile.
    public func run() {
        while step() {}
    }

    /// Runs the job that has been queued for longest; false if there is none.
    @discardableResult
    public func step() -> Bool {
        guard let job = jobs.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else { return false }
        job.runSynchronously(on: asUnownedTaskExecutor())
        return true
    }

    /// Starts a task on this executor, whose end the test can look at.
    @discardableResult
    public func start<Outcome: Sendable>(_ work: @escaping @Sendable () async throws -> Outcome) -> Attempt<Outcome> {
        Attempt(on: self, work)
    }
}

/// A task whose outcome can be looked at without waiting for it.
public final class Attempt<Outcome: Sendable>: Sendable {
    private let outcome = Mutex<Result<Outcome, any Error>?>(nil)
    private let task = Mutex<Task<Void, Never>?>(nil)

    fileprivate init(on executor: StepExecutor, _ work: @escaping @Sendable () async throws -> Outcome) {
        let started = Task(executorPreference: executor) { [self] in
            do {
                let value = try await work()
                outcome.withLock { $0 = .success(value) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
        }
        task.withLock { $0 = started }
    }

    /// How the task ended; `nil` if it has not.
    public var result: Result<Outcome, any Error>? { outcome.withLock { $0 } }

    /// Whether the task has ended.
    public var isOver: Bool { result != nil }

    /// What the task returned; `nil` if it threw or has not ended.
    public var value: Outcome? { try? result?.get() }

    /// What the task threw; `nil` if it returned or has not ended.
    public var error: (any Error)? {
        guard case .failure(let error) = result else { return nil }
        return error
    }

    /// Cancels the task.
    public func cancel() {
        task.withLock { $0 }?.cancel()
    }
}
