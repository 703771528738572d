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
    let state = Mutex(RegistryState<Engine>())
    let files: DataDirectory
    let configuration: EngineConfiguration
    let activity: Activity
    let metrics: EngineMetrics
    let time: any TimeSource
    let workers: WorkerExecutor
    let logger: Logger

    /// Makes a registry without engines. `workers` runs every open and close.
    public init(
        files: DataDirectory, configuration: EngineConfiguration, activity: Activity, metrics: EngineMetrics,
        time: any TimeSource, workers: WorkerExecutor, logger: Logger
    ) {
        self.files = files
        self.configuration = configuration
        self.activity = activity
        self.metrics = metrics
        self.time = time
        self.workers = workers
        self.logger = logger
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

    /// Closes the engine if nobody is active on it: at once if no request uses it, else when the last one is done.
    ///
    /// - Returns: when a close that could begin at once has ended.
    public func closeIfUnneeded(_ user: UserID, reason: CloseReason) async {
        let closing = state.withLock {
            $0.closeIfUnneeded(user, reason: reason, isActive: activity.isActive(user))
        }
        if let closing { _ = await close(closing) }
    }

    /// Closes the engine whoever uses it: waiters fail, statements get until the drain time-out and are interrupted then.
    public func forceClose(_ user: UserID, reason: CloseReason) async {
        if let closing = state.withLock({ $0.forceClose(user, reason: reason) }) { _ = await close(closing) }
    }

    /// Refuses new requests and closes every engine with a checkpoint.
    public func shutDown() async {
        state.withLock { $0.shutDown() }
        while true {
            let users = state.withLock { Array($0.entries.keys) }
            if users.isEmpty { return }
            let stuck = await withTaskGroup(of: Bool.self) { group in
                for user in users {
                    group.addTask { await self.closeForShutdown(user) }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 0 : 1 }
            }
            if stuck == users.count {
                logger.critical("engines could not be closed", metadata: ["count": "\(stuck)"])
                return
            }
        }
    }

    /// How many engines there are by state, and their pools' figures.
    public func census() -> RegistryCensus {
        var census = RegistryCensus()
        let engines = state.withLock { state in
            var engines: [Engine] = []
            for entry in state.entries.values {
                switch entry {
                case .opening: census.opening += 1
                case .open(let open):
                    census.open += 1
                    engines.append(open.engine)
                case .closing(let engine, _, _), .stuck(let engine, _):
                    census.closing += 1
                    engines.append(engine)
                }
            }
            return engines
        }
        for engine in engines {
            census.add(engine.statistics(of: .reader), to: .reader)
            census.add(engine.statistics(of: .writer), to: .writer)
        }
        return census
    }

    private func closeForShutdown(_ user: UserID) async -> Bool {
        if let closing = state.withLock({ $0.forceClose(user, reason: .drained) }) { return await close(closing) }
        // Somebody else opens or closes it: wait for that.
        _ = await wait(for: user)
        return true
    }
}

extension EngineRegistry {
    private func use(_ user: UserID, _ key: () async throws -> GuardedBytes) async throws -> Engine {
        var dataKey: GuardedBytes?
        while true {
            switch state.withLock({ $0.step(for: user, hasKey: dataKey != nil, at: time.now) }) {
            case .use(let engine): return engine
            case .refuse: throw EngineError.shuttingDown
            case .fetchKey:
                dataKey = try await key()
                continue
            case .close(let closing):
                guard await close(closing) else { throw EngineError.unavailable }
                continue
            case .open: open(user, dataKey!)
            case .wait: break
            }
            switch await wait(for: user) {
            case .use(let engine): return engine
            case .decideAgain: continue
            case .failed(let error): throw error
            case .cancelled: throw CancellationError()
            }
        }
    }

    private func wait(for user: UserID) async -> RegistryState<Engine>.WaitResult {
        let waiter = state.withLock { $0.makeWaiter() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                // A cancellation that came before the waiter was queued found nothing to withdraw.
                if let result = state.withLock({ $0.enqueue(waiter, for: user, continuation) }) {
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
        state.withLock { $0.withdraw(waiter, for: user) }?.resume(returning: .cancelled)
    }

    /// Opens in a task of its own: the request that began it may be cancelled, and others wait for it too.
    private func open(_ user: UserID, _ key: GuardedBytes) {
        Task(executorPreference: workers) { [self] in
            do {
                let engine = try await Engine.open(
                    user: user, path: files.databasePath(of: user), key: key, configuration: configuration,
                    metrics: metrics, time: time, workers: workers, logger: logger)
                metrics.engineOpened()
                let waiters = state.withLock { $0.opened(user, engine, at: time.now) }
                for waiter in waiters { waiter.resume(returning: .use(engine)) }
            } catch {
                logger.warning("an engine could not be opened", metadata: ["user": "\(user)", "error": "\(error)"])
                for waiter in state.withLock({ $0.openFailed(user) }) { waiter.resume(returning: .failed(error)) }
            }
        }
    }

    func endUse(of engine: Engine, at now: MonotonicInstant?) {
        let user = engine.user
        let closing = state.withLock {
            $0.endUse(of: engine, user, at: now, isActive: activity.isActive(user))
        }
        if let closing {
            Task(executorPreference: workers) { [self] in await closeNow(closing) }
        }
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
        } catch {
            failed = true
            metrics.engineCloseFailed()
            logger.error(
                "an engine could not be closed",
                metadata: ["user": "\(closing.user)", "reason": "\(closing.reason.rawValue)", "error": "\(error)"])
        }
        let waiters = state.withLock { $0.closed(closing, failed: failed) }
        for waiter in waiters { waiter.resume(returning: .decideAgain) }
        return !failed
    }
}
