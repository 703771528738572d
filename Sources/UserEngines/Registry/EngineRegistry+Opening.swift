import Logging
import Secrets
import Timekeeping

// The way to a use of an engine, which may have to be opened or waited for.
extension EngineRegistry {
    func use(_ user: UserID, _ key: () async throws -> GuardedBytes) async throws -> OpenEngine<Engine> {
        var fetched: (key: GuardedBytes, epoch: Int)?
        while true {
            var deadline: MonotonicInstant?
            switch decide({ $0.step(for: user, keyEpoch: fetched?.epoch, at: time.now) }) {
            case .use(let open): return open
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
            case .waitForFiles: deadline = time.now.advanced(by: configuration.acquireTimeout)
            }
            switch await wait(for: user, until: deadline) {
            case .use(let open): return open
            case .decideAgain: continue
            case .failed(let error): throw error
            case .cancelled: throw CancellationError()
            }
        }
    }

    /// Waits until a user's entry leaves its state, or fails with `error` at the deadline.
    func wait(
        for user: UserID, until deadline: MonotonicInstant? = nil, else error: EngineError = .unavailable
    ) async -> RegistryState<Engine>.WaitResult {
        let waiter = decide { $0.makeWaiter() }
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                if let result = decide({ $0.enqueue(waiter, for: user, continuation) }) {
                    return continuation.resume(returning: result)
                }
                timer = deadline.map { deadline in
                    Task(executorPreference: workers) { [self] in
                        guard (try? await time.sleep(until: deadline)) != nil else { return }
                        decide { $0.withdraw(waiter, for: user) }?.resume(returning: .failed(error))
                    }
                }
                // A cancellation that came before the waiter was queued found nothing to withdraw.
                if Task.isCancelled { withdraw(waiter, user) }
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
                let (opened, waiters, closing) = decide {
                    $0.opened(user, engine, at: time.now, isActive: activity.isActive(user))
                }
                openingObserver.withLock { $0 }?(user)
                for waiter in waiters { waiter.resume(returning: .use(opened)) }
                if let closing { _ = await closeNow(closing) }
                // Those who waited for descriptors while it opened have seen an engine that could not be closed.
                if waiters.isEmpty { makeRoom() }
            } catch {
                logger.warning("an engine could not be opened", metadata: ["user": "\(user)", "error": "\(error)"])
                for waiter in decide({ $0.openFailed(user) }) { waiter.resume(returning: .failed(error)) }
            }
        }
    }

    /// The share of the descriptor budget that a file of a new engine has.
    func descriptors() -> EngineDescriptors {
        EngineDescriptors(budget: budget, timeout: configuration.budgetTimeout) { [weak self] in self?.makeRoom() }
    }
}
