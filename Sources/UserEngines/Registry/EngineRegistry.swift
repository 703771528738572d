import Logging
import Secrets
import Synchronization
import Timekeeping
import Workers

/// User → engine: the only place that opens or closes engines.
///
/// Its lock is held for decisions only (``RegistryState``), never during I/O. Concurrent first requests of a user share
/// one opening; a request that comes while an engine closes waits and opens afresh.
public final class EngineRegistry: Sendable {
    private let state = Mutex(RegistryState<Engine>())
    private let counts = PublishedCounts()
    let openingObserver = Mutex<(@Sendable (UserID) -> Void)?>(nil)
    let roster = EngineRoster()
    let files: DataDirectory
    let configuration: EngineConfiguration
    let activity: Activity
    let budget: DescriptorBudget
    let held: HeldDescriptors
    let locks: UserLocks
    let metrics: EngineMetrics
    let time: any TimeSource
    let workers: WorkerExecutor
    let logger: Logger

    /// Makes a registry without engines. `workers` runs every open and close.
    public init(
        files: DataDirectory, configuration: EngineConfiguration, activity: Activity, budget: DescriptorBudget,
        locks: UserLocks = UserLocks(), metrics: EngineMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) {
        self.locks = locks
        self.files = files
        self.configuration = configuration
        self.activity = activity
        self.budget = budget
        held = HeldDescriptors(budget: budget)
        self.metrics = metrics
        self.time = time
        self.workers = workers
        self.logger = logger
    }

    /// Has `action` told of every engine that has opened, on the thread that opened it; it does not block.
    public func whenOpened(_ action: @escaping @Sendable (UserID) -> Void) {
        openingObserver.withLock { $0 = action }
    }

    /// Runs `body` with the user's engine, which stays open until `body` has returned.
    ///
    /// - Parameter key: gives the user's data key (48 bytes: key and salt); asked only when the engine must be opened.
    /// - Throws: ``EngineError``, what `key` or `body` throws, `CancellationError`.
    public func withEngine<Result>(
        of user: UserID, key: () async throws -> GuardedBytes, _ body: (Engine) async throws -> Result
    ) async throws -> Result {
        let open = try await use(user, key)
        defer { endUse(of: open, at: time.now) }
        return try await body(open.engine)
    }

    /// The same for a `body` that is done at once; `nil`, and `body` is not called, if the engine is not open.
    public func withOpenEngine<Result>(
        of user: UserID, _ body: (Engine) throws -> Result
    ) rethrows -> Result? {
        let now = time.now
        guard let open = decide({ $0.useIfOpen(user, at: now) }) else { return nil }
        defer { endUse(of: open, at: nil) }
        // `open` holds it until the use has ended. A reference to the engine itself would be counted in memory that event
        // threads take from each other.
        return try Unmanaged.passUnretained(open.engine)._withUnsafeGuaranteedRef { try body($0) }
    }

    /// How many engines there are by state, and what their pools hold. Takes no lock, and no longer for many than for
    /// few.
    public func census() -> RegistryCensus {
        let counts = self.counts.load()
        return RegistryCensus(
            opening: counts.opening, open: counts.open, closing: counts.closing, readers: metrics.pools(.reader).gauges,
            writers: metrics.pools(.writer).gauges, services: metrics.pools(.service).gauges)
    }
}

extension EngineRegistry {
    /// Makes one decision under the lock.
    func decide<Outcome>(
        _ decision: (inout RegistryState<Engine>) -> sending Outcome
    ) -> sending Outcome {
        state.withLock { state in
            let before = state.counts
            let outcome = decision(&state)
            // Most decisions are about a use alone, and everyone's requests share the line that the counts are in.
            if state.counts != before { counts.store(state.counts) }
            return outcome
        }
    }
}
