import Timekeeping

extension EngineRegistry {
    /// Runs `body` on a user's files while nobody else can, and without taking anything from anybody: requests that use
    /// the engine end first, new ones wait, and find another engine afterwards.
    ///
    /// New requests wait for `acquireTimeout` and get ``EngineError/unavailable`` then, so a long `body` refuses some.
    ///
    /// - Parameter limit: how long the requests that use the engine get.
    /// - Throws: ``EngineError/inUse`` if they took longer, and everything is as before; ``EngineError``; what `body`
    ///   throws.
    public func withFilesAlone<Result>(
        of user: UserID, waiting limit: Duration, _ body: () async throws -> Result
    ) async throws -> Result {
        try await takeFiles(of: user, until: time.now.advanced(by: limit))
        defer {
            for waiter in decide({ $0.endExclusive(user) }) { waiter.resume(returning: .decideAgain) }
        }
        return try await body()
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

    private func takeFiles(of user: UserID, until deadline: MonotonicInstant) async throws {
        while true {
            switch decide({ $0.takeFiles(of: user, reason: .maintenance) }) {
            case .taken: return
            case .refuse: throw EngineError.shuttingDown
            case .close(let closing):
                guard await close(closing) else { throw EngineError.unavailable }
                return
            case .drain(let draining):
                try await drain(draining, user, until: deadline)
                return
            case .wait:
                switch await wait(for: user, until: deadline, else: .inUse) {
                // The opening that was waited for has ended in a use for everyone who waits.
                case .use(let open): endUse(of: open, at: nil)
                case .decideAgain: continue
                case .failed(let error): throw error
                case .cancelled: throw CancellationError()
                }
            }
        }
    }

    private func drain(_ draining: Int, _ user: UserID, until deadline: MonotonicInstant) async throws {
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        let result = await withCheckedContinuation { continuation in
            guard decide({ $0.enqueueDrainer(continuation, of: draining, for: user) }) else {
                return continuation.resume(returning: .decideAgain)
            }
            timer = Task(executorPreference: workers) { [self] in
                guard (try? await time.sleep(until: deadline)) != nil else { return }
                let (drainer, waiters) = decide { $0.giveUpDraining(draining, of: user) }
                drainer?.resume(returning: .failed(EngineError.inUse))
                for waiter in waiters { waiter.resume(returning: .decideAgain) }
            }
        }
        if case .failed(let error) = result { throw error }
        guard decide({ $0.hasDrained(draining, of: user) }) else { throw EngineError.unavailable }
    }
}
