// Files for one alone, without taking them from the requests that use them now.
extension RegistryState {
    /// What somebody has to do next who wants a user's files alone.
    enum FilesStep {
        /// Go on: nobody can open the engine before ``endExclusive(_:)``.
        case taken
        /// Close the engine; once that has succeeded, the files are taken.
        case close(Closing)
        /// Wait with ``enqueueDrainer(_:of:for:)``, at most until ``giveUpDraining(_:of:)``.
        case drain(Int)
        /// Wait with ``enqueue(_:for:_:)``, and decide again: somebody opens or closes the engine, or has the files.
        case wait
        /// The registry is shut down.
        case refuse
    }

    /// Takes a user's files, or begins to: from now on new requests wait, and the last one to end closes the engine.
    mutating func takeFiles(of user: UserID, reason: CloseReason) -> FilesStep {
        guard !isShutDown else { return .refuse }
        switch entries[user] {
        case nil:
            set(user, .exclusive(Waiting()))
            return .taken
        case .open(let open, let closeWhenUnused):
            let waiting = Waiting()
            waiting.isForFiles = true
            guard open.awaitLastEnd() else { return .close(beginClosing(user, open.engine, reason, waiting)) }
            waiting.closeWhenUnused = closeWhenUnused
            waiting.draining = makeWaiter()
            set(user, .draining(open, reason: reason, waiting))
            return .drain(waiting.draining)
        case .stuck(let engine, let reason):
            let waiting = Waiting()
            waiting.isForFiles = true
            return .close(beginClosing(user, engine, reason, waiting))
        case .opening, .draining, .closing, .exclusive:
            return .wait
        }
    }

    /// Lets the one who drains wait until the engine has closed, or failed to; false if it has already.
    mutating func enqueueDrainer(_ drainer: Continuation, of draining: Int, for user: UserID) -> Bool {
        switch entries[user] {
        case .draining(_, _, let waiting) where waiting.draining == draining,
            .closing(_, _, let waiting) where waiting.draining == draining:
            waiting.drainer = drainer
            return true
        case .draining, .closing, .opening, .open, .stuck, .exclusive, nil:
            return false
        }
    }

    /// Ends a draining whose requests did not end in time: the engine is open as before. The drainer, and everyone who
    /// waits; nobody if the engine closes already.
    mutating func giveUpDraining(
        _ draining: Int, of user: UserID
    ) -> (drainer: Continuation?, waiters: [Continuation]) {
        guard case .draining(let open, _, let waiting) = entries[user], waiting.draining == draining else {
            return (nil, [])
        }
        set(user, .open(open, closeWhenUnused: waiting.closeWhenUnused))
        return (waiting.drainer, Array(waiting.continuations.values))
    }

    /// Whether a draining has ended with the files for the one who drained: another may have taken them after it
    /// failed.
    func hasDrained(_ draining: Int, of user: UserID) -> Bool {
        if case .exclusive(let waiting) = entries[user] { waiting.draining == draining } else { false }
    }

    /// Keeps everybody from opening a user's engine, which must be closed; ended by ``endExclusive(_:)``.
    mutating func beginExclusive(_ user: UserID) -> Bool {
        guard entries[user] == nil else { return false }
        set(user, .exclusive(Waiting()))
        return true
    }

    /// Lets others open the engine again.
    mutating func endExclusive(_ user: UserID) -> [Continuation] {
        filesEpoch += 1
        return Array(set(user, nil)?.waiting?.continuations.values ?? [:].values)
    }
}
