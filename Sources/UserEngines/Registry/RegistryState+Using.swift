import Timekeeping

// The way of a request to a use of an engine, which it may have to open first.
extension RegistryState {
    /// What a request that wants an engine has to do next.
    enum Step {
        /// Go on: the use is counted.
        case use(Open)
        /// Wait with ``enqueue(_:for:_:)``: somebody opens or closes this user's engine.
        case wait
        /// The same, but not for ever: somebody has, or is about to have, the files alone.
        case waitForFiles
        /// Nobody has it: come back with the key and this number.
        case fetchKey(epoch: Int)
        /// Open it: the entry is now `opening`, and this caller's to end with ``opened(_:_:at:isActive:)`` or
        /// ``openFailed(_:)``.
        case open
        /// Close it first: the entry is now `closing`, and this caller's to end with ``closed(_:failed:)``.
        case close(Closing)
        /// The registry is shut down.
        case refuse
    }

    /// The engine, with a use counted, if it is open.
    mutating func useIfOpen(_ user: UserID, at now: MonotonicInstant) -> Open? {
        guard !isShutDown, let open = borrow(user) else { return nil }
        open.markUsed(at: now)
        return open
    }

    /// Counts a use of an engine that is open, without making it look recently used; `nil` if it is not.
    mutating func borrow(_ user: UserID) -> Open? {
        guard case .open(let open, _) = entries[user] else { return nil }
        open.beginUse()
        return open
    }

    /// - Parameter keyEpoch: the number that the key was fetched for; `nil` without a key.
    mutating func step(for user: UserID, keyEpoch: Int?, at now: MonotonicInstant) -> Step {
        guard !isShutDown else { return .refuse }
        switch entries[user] {
        case .open(let open, _):
            open.beginUse()
            open.markUsed(at: now)
            return .use(open)
        case .exclusive, .draining:
            return .waitForFiles
        case .closing(_, _, let waiting):
            return waiting.isForFiles ? .waitForFiles : .wait
        case .opening:
            return .wait
        case .stuck(let engine, let reason):
            return .close(beginClosing(user, engine, reason))
        case nil:
            guard keyEpoch == filesEpoch else { return .fetchKey(epoch: filesEpoch) }
            set(user, .opening(Waiting()))
            return .open
        }
    }

    /// Ends an opening with success: everyone who waits is given a use. If nobody does any more, and a close was asked
    /// for meanwhile, it is to be carried out.
    mutating func opened(
        _ user: UserID, _ engine: Engine, at now: MonotonicInstant, isActive: @autoclosure () -> Bool
    ) -> (open: Open, waiters: [Continuation], closing: Closing?) {
        guard case .opening(let waiting) = entries[user] else {
            preconditionFailure("an engine was opened that nobody had begun to open")
        }
        let open = Open(engine, uses: waiting.continuations.count, at: now)
        set(user, .open(open, closeWhenUnused: waiting.closeWhenUnused))
        if let reason = waiting.closeWhenUnused, !open.awaitLastEnd(), !isActive() {
            return (open, [], beginClosing(user, engine, reason))
        }
        return (open, Array(waiting.continuations.values), nil)
    }

    /// Ends an opening with failure: nothing stays, and everyone who waits is told.
    mutating func openFailed(_ user: UserID) -> [Continuation] {
        guard case .opening(let waiting) = set(user, nil) else {
            preconditionFailure("an opening failed that nobody had begun")
        }
        return Array(waiting.continuations.values)
    }
}
