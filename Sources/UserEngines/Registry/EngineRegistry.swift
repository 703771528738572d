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
    private let openingObserver = Mutex<(@Sendable (UserID) -> Void)?>(nil)
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
        let engine = try await use(user, key)
        defer { endUse(of: engine, at: time.now) }
        return try await body(engine)
    }

    /// The same for a `body` that is done at once; `nil`, and `body` is not called, if the engine is not open.
    public func withOpenEngine<Result>(
        of user: UserID, _ body: (Engine) throws -> Result
    ) rethrows -> Result? {
        let now = time.now
        guard let engine = decide({ $0.useIfOpen(user, at: now) }) else { return nil }
        defer { endUse(of: engine, at: now) }
        return try body(engine)
    }

    /// Closes the engine if nobody is active on it: at once if no request uses it, else when the last one is done.
    ///
    /// - Returns: when a close that could begin at once has ended.
    public func closeIfUnneeded(_ user: UserID, reason: CloseReason) async {
        let closing = decide {
            $0.closeIfUnneeded(user, reason: reason, isActive: activity.isActive(user))
        }
        if let closing { _ = await close(closing) }
    }

    /// Closes the engine whoever uses it: waiters fail, statements get until the drain time-out and are interrupted then.
    ///
    /// - Returns: false if the close failed; the reaper tries again.
    @discardableResult
    public func forceClose(_ user: UserID, reason: CloseReason) async -> Bool {
        while true {
            switch decide({ $0.forceStep(user, reason: reason) }) {
            case .absent: return true
            case .close(let closing): guard await close(closing) else { return false }
            case .wait:
                // An opening ends in a use for everyone who waits.
                if case .use(let engine) = await wait(for: user) { endUse(of: engine, at: nil) }
            }
        }
    }

    /// Runs `body` on a user's files while the engine is closed, and keeps everybody from opening it meanwhile.
    ///
    /// - Throws: ``EngineError/unavailable`` if the engine could not be closed; what `body` throws.
    func withFiles<Result>(
        of user: UserID, closing reason: CloseReason, _ body: () async throws -> Result
    ) async throws -> Result {
        repeat {
            guard await forceClose(user, reason: reason) else { throw EngineError.unavailable }
        } while !decide { $0.beginExclusive(user) }
        defer {
            for waiter in decide({ $0.endExclusive(user) }) { waiter.resume(returning: .decideAgain) }
        }
        return try await body()
    }

    /// Refuses new requests and closes every engine with a checkpoint.
    public func shutDown() async {
        decide { $0.shutDown() }
        while true {
            let users = decide { Array($0.entries.keys) }
            if users.isEmpty { return }
            let stuck = await withTaskGroup(of: Bool.self) { group in
                for user in users {
                    group.addTask { await self.forceClose(user, reason: .drained) }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 0 : 1 }
            }
            if stuck == users.count {
                logger.critical("engines could not be closed", metadata: ["count": "\(stuck)"])
                return
            }
        }
    }

    /// How many engines there are by state, and what their pools hold. Takes no lock, and no longer for many than for few.
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
            let outcome = decision(&state)
            counts.store(state.counts)
            return outcome
        }
    }

    private func use(_ user: UserID, _ key: () async throws -> GuardedBytes) async throws -> Engine {
        var fetched: (key: GuardedBytes, epoch: Int)?
        while true {
            var limit: Duration?
            switch decide({ $0.step(for: user, keyEpoch: fetched?.epoch, at: time.now) }) {
            case .use(let engine): return engine
            case .refuse: throw EngineError.shuttingDown
            case .fetchKey(let epoch):
                fetched = (try await key(), epoch)
                continue
            case .close(let closing):
                guard await close(closing) else { throw EngineError.unavailable }
                continue
            case .open:
                open(user, fetched!.key)
                // The engine's from now on, which wipes it when it closes: another opening needs a key of its own.
                fetched = nil
            case .wait: break
            case .waitForFiles: limit = configuration.acquireTimeout
            }
            switch await wait(for: user, limit: limit) {
            case .use(let engine): return engine
            case .decideAgain: continue
            case .failed(let error): throw error
            case .cancelled: throw CancellationError()
            }
        }
    }

    /// Waits until a user's entry leaves its state; with a limit, no longer than that.
    func wait(for user: UserID, limit: Duration? = nil) async -> RegistryState<Engine>.WaitResult {
        let waiter = decide { $0.makeWaiter() }
        let timer = limit.map { limit in
            Task(executorPreference: workers) { [self, end = time.now.advanced(by: limit)] in
                guard (try? await time.sleep(until: end)) != nil else { return }
                decide { $0.withdraw(waiter, for: user) }?.resume(returning: .failed(EngineError.unavailable))
            }
        }
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A cancellation that came before the waiter was queued found nothing to withdraw.
                if let result = decide({ $0.enqueue(waiter, for: user, continuation) }) {
                    continuation.resume(returning: result)
                } else if Task.isCancelled {
                    withdraw(waiter, user)
                }
            }
        } onCancel: {
            withdraw(waiter, user)
        }
    }

    private func withdraw(_ waiter: Int, _ user: UserID) {
        decide { $0.withdraw(waiter, for: user) }?.resume(returning: .cancelled)
    }

    /// Opens in a task of its own: the request that began it may be cancelled, and others wait for it too.
    private func open(_ user: UserID, _ key: GuardedBytes) {
        Task(executorPreference: workers) { [self] in
            do {
                let engine = try await Engine.open(
                    user: user, database: EngineFile(files.databasePath(of: user), descriptors(), logs: metrics.logs),
                    service: EngineFile(files.servicePath(of: user), descriptors(), logs: metrics.logs), key: key,
                    configuration: configuration, metrics: metrics, time: time, workers: workers, logger: logger)
                metrics.engineOpened()
                roster.insert(engine)
                let (waiters, closing) = decide {
                    $0.opened(user, engine, at: time.now, isActive: activity.isActive(user))
                }
                openingObserver.withLock { $0 }?(user)
                for waiter in waiters { waiter.resume(returning: .use(engine)) }
                if let closing { _ = await closeNow(closing) }
            } catch {
                logger.warning("an engine could not be opened", metadata: ["user": "\(user)", "error": "\(error)"])
                for waiter in decide({ $0.openFailed(user) }) { waiter.resume(returning: .failed(error)) }
            }
        }
    }

    func endUse(of engine: Engine, at now: MonotonicInstant?) {
        let user = engine.user
        let closing = decide {
            $0.endUse(
                of: engine, user, at: now, waitingForRoom: budget.waiting, isActive: activity.isActive(user))
        }
        if let closing {
            Task(executorPreference: workers) { [self] in await closeNow(closing) }
        }
    }

    /// The share of the descriptor budget that a file of a new engine has.
    func descriptors() -> EngineDescriptors {
        EngineDescriptors(budget: budget, timeout: configuration.budgetTimeout) { [weak self] in self?.makeRoom() }
    }

    /// Closes the engine that has been unused for longest, for whoever waits for descriptors. When every engine is in use,
    /// the next use that ends makes the room.
    private func makeRoom() {
        let waiting = budget.waiting
        guard waiting > 0 else { return }
        let closing = decide { state in
            state.closeLeastRecentlyUsed(waitingForRoom: waiting) { $0.holdsDescriptors }
        }
        guard let closing else { return }
        Task(executorPreference: workers) { [self] in await closeNow(closing) }
    }

    /// Closes in a task of its own: a close that has begun is not cancelled with the request that asked for it.
    func close(_ closing: RegistryState<Engine>.Closing) async -> Bool {
        await Task(executorPreference: workers) { [self] in await closeNow(closing) }.value
    }

    private func closeNow(_ closing: RegistryState<Engine>.Closing) async -> Bool {
        var failed = false
        do {
            try await closing.engine.close()
            metrics.engineClosed(closing.reason)
            roster.remove(closing.engine)
        } catch {
            failed = true
            metrics.engineCloseFailed()
            logger.error(
                "an engine could not be closed",
                metadata: ["user": "\(closing.user)", "reason": "\(closing.reason.rawValue)", "error": "\(error)"])
        }
        let waiters = decide { $0.closed(closing, failed: failed) }
        for waiter in waiters { waiter.resume(returning: .decideAgain) }
        // This close may have given less room than was waited for, or none.
        makeRoom()
        return !failed
    }
}
