import Logging
import Timekeeping

// Who has an engine closed, and how.
extension EngineRegistry {
    /// Closes the engine if nobody is active on it: at once if no request uses it, else when the last one is done.
    ///
    /// - Returns: when a close that could begin at once has ended.
    public func closeIfUnneeded(_ user: UserID, reason: CloseReason) async {
        let closing = decide {
            $0.closeIfUnneeded(user, reason: reason, isActive: activity.isActive(user))
        }
        if let closing { _ = await close(closing) }
    }

    /// Closes the engine whoever uses it: waiters fail, statements get until the drain time-out and are interrupted
    /// then. Those who come meanwhile may have opened another when this returns.
    ///
    /// - Returns: false if the close failed; the reaper tries again.
    public func forceClose(_ user: UserID, reason: CloseReason) async -> Bool {
        while true {
            switch decide({ $0.forceStep(user, reason: reason) }) {
            case .absent: return true
            case .close(let closing): return await close(closing)
            case .wait:
                // As a close, this does not depend on who asks: one who is cancelled would not wait, and ask for ever.
                let result = await Task(executorPreference: workers) { [self] in await wait(for: user) }.value
                // An opening ends in a use for everyone who waits.
                if case .use(let open) = result { endUse(of: open, at: nil) }
            }
        }
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

    /// Ends a use, which counts as the latest one if the instant is given. Takes no lock unless something may follow
    /// from it.
    func endUse(of open: OpenEngine<Engine>, at now: MonotonicInstant?) {
        if let now { open.markUsed(at: now) }
        switch open.endUse() {
        case .used: break
        case .unused: if budget.waiting > 0 { useEnded(of: open) }
        case .marked: useEnded(of: open)
        }
    }

    private func useEnded(of open: OpenEngine<Engine>) {
        let user = open.engine.user
        let closing = decide {
            $0.useEnded(of: open, user, waitingForRoom: budget.waiting, isActive: activity.isActive(user))
        }
        if let closing {
            Task(executorPreference: workers) { [self] in await closeNow(closing) }
        }
    }

    /// Closes the engine that has been unused for longest, for whoever waits for descriptors. When every engine is in
    /// use, the next use that ends makes the room.
    func makeRoom() {
        guard budget.waiting > 0 else { return }
        let closing = decide { state in
            state.closeLeastRecentlyUsed(waitingForRoom: budget.waiting) { $0.holdsDescriptors }
        }
        guard let closing else { return }
        Task(executorPreference: workers) { [self] in await closeNow(closing) }
    }

    /// Closes in a task of its own: a close that has begun is not cancelled with the request that asked for it.
    func close(_ closing: RegistryState<Engine>.Closing) async -> Bool {
        await Task(executorPreference: workers) { [self] in await closeNow(closing) }.value
    }

    func closeNow(_ closing: RegistryState<Engine>.Closing) async -> Bool {
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
