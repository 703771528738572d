import Timekeeping

/// The registry's decisions: who has which engine, and who waits for one. A value without locks, tasks or I/O.
///
/// ```
/// closed  → opening                first request of a user
/// opening → open | closed          the open succeeded | failed
/// open    → closing                nobody uses it and it may go; or it must
/// closing → closed | stuck         the close succeeded | failed
/// stuck   → closing                retried by the next request or pass
/// ```
/// `closed` is the absence of an entry. A use is counted from the moment a request is given the engine until it
/// says it is done, and every lease lies inside a use: an engine without a use has no lease and no waiter.
struct RegistryState<Engine: AnyObject & Sendable>: ~Copyable {
    typealias Continuation = CheckedContinuation<WaitResult, Never>

    /// How waiting for an entry ended.
    enum WaitResult: Sendable {
        /// The engine is open, and this waiter's use is counted.
        case use(Engine)
        /// The entry left its state: decide anew.
        case decideAgain
        case failed(any Error)
        case cancelled
    }

    struct Open {
        let engine: Engine
        var uses: Int
        var lastUsed: MonotonicInstant
        /// A close that was asked for while requests used the engine; the last one of them carries it out.
        var closeWhenUnused: CloseReason?
    }

    enum Entry {
        case opening(waiters: [Int: Continuation])  // → open, closed
        case open(Open)  // → closing
        case closing(Engine, reason: CloseReason, waiters: [Int: Continuation])  // → closed, stuck
        case stuck(Engine, reason: CloseReason)  // → closing
    }

    /// What a request that wants an engine has to do next.
    enum Step {
        /// Go on: the use is counted.
        case use(Engine)
        /// Wait with ``enqueue(_:for:_:)``: somebody opens or closes this user's engine.
        case wait
        /// Nobody has it: come back with the key.
        case fetchKey
        /// Open it: the entry is now `opening`, and this caller's to end with ``opened(_:_:at:)`` or ``openFailed(_:)``.
        case open
        /// Close it first: the entry is now `closing`, and this caller's to end with ``closed(_:_:)``.
        case close(Closing)
        /// The registry is shut down.
        case refuse
    }

    /// The right and duty to close an engine.
    struct Closing: Sendable {
        let user: UserID
        let engine: Engine
        let reason: CloseReason
    }

    private(set) var entries: [UserID: Entry] = [:]
    private(set) var isShutDown = false
    private var lastWaiter = 0

    mutating func step(for user: UserID, hasKey: Bool, at now: MonotonicInstant) -> Step {
        guard !isShutDown else { return .refuse }
        switch entries[user] {
        case .open(var open):
            open.uses += 1
            open.lastUsed = now
            entries[user] = .open(open)
            return .use(open.engine)
        case .opening, .closing:
            return .wait
        case .stuck(let engine, let reason):
            return .close(beginClosing(user, engine, reason))
        case nil:
            guard hasKey else { return .fetchKey }
            entries[user] = .opening(waiters: [:])
            return .open
        }
    }

    mutating func makeWaiter() -> Int {
        lastWaiter += 1
        return lastWaiter
    }

    /// Queues a waiter, or hands the continuation back with its result when there is nothing left to wait for.
    mutating func enqueue(_ waiter: Int, for user: UserID, _ continuation: Continuation) -> WaitResult? {
        switch entries[user] {
        case .opening(var waiters):
            waiters[waiter] = continuation
            entries[user] = .opening(waiters: waiters)
            return nil
        case .closing(let engine, let reason, var waiters):
            waiters[waiter] = continuation
            entries[user] = .closing(engine, reason: reason, waiters: waiters)
            return nil
        case .open, .stuck, nil:
            return .decideAgain
        }
    }

    /// Takes a cancelled waiter out; `nil` if it has been served already, and then keeps what it was given.
    mutating func withdraw(_ waiter: Int, for user: UserID) -> Continuation? {
        switch entries[user] {
        case .opening(var waiters):
            defer { entries[user] = .opening(waiters: waiters) }
            return waiters.removeValue(forKey: waiter)
        case .closing(let engine, let reason, var waiters):
            defer { entries[user] = .closing(engine, reason: reason, waiters: waiters) }
            return waiters.removeValue(forKey: waiter)
        case .open, .stuck, nil:
            return nil
        }
    }

    /// Ends an opening with success: everyone who waits is given a use.
    mutating func opened(_ user: UserID, _ engine: Engine, at now: MonotonicInstant) -> [Continuation] {
        guard case .opening(let waiters) = entries[user] else {
            preconditionFailure("an engine was opened that nobody had begun to open")
        }
        entries[user] = .open(Open(engine: engine, uses: waiters.count, lastUsed: now))
        return Array(waiters.values)
    }

    /// Ends an opening with failure: nothing stays, and everyone who waits is told.
    mutating func openFailed(_ user: UserID) -> [Continuation] {
        guard case .opening(let waiters) = entries.removeValue(forKey: user) else {
            preconditionFailure("an opening failed that nobody had begun")
        }
        return Array(waiters.values)
    }

    /// Ends a use; the close to carry out, if this was the last one and a close is due. `now` is `nil` after a ``borrow(_:)``.
    mutating func endUse(
        of engine: Engine, _ user: UserID, at now: MonotonicInstant?, isActive: @autoclosure () -> Bool
    ) -> Closing? {
        // While it closes by force, or after, there is nothing to count any more; a successor is another's.
        guard case .open(var open) = entries[user], open.engine === engine else { return nil }
        open.uses -= 1
        if let now { open.lastUsed = now }
        if open.uses == 0, let reason = open.closeWhenUnused {
            open.closeWhenUnused = nil
            if !isActive() { return beginClosing(user, engine, reason) }
        }
        entries[user] = .open(open)
        return nil
    }

    /// Closes an engine that nobody is active on: at once if nobody uses it, else when the last use ends.
    mutating func closeIfUnneeded(_ user: UserID, reason: CloseReason, isActive: Bool) -> Closing? {
        switch entries[user] {
        case .open(var open) where !isActive:
            guard open.uses > 0 else { return beginClosing(user, open.engine, reason) }
            open.closeWhenUnused = reason
            entries[user] = .open(open)
            return nil
        case .stuck(let engine, let reason):
            return beginClosing(user, engine, reason)
        case .open, .opening, .closing, nil:
            return nil
        }
    }

    /// Closes an engine that no request uses and nobody is active on.
    mutating func closeIfUnused(_ user: UserID, reason: CloseReason, isActive: @autoclosure () -> Bool) -> Closing? {
        switch entries[user] {
        case .open(let open) where open.uses == 0 && !isActive():
            beginClosing(user, open.engine, reason)
        case .stuck(let engine, let reason):
            beginClosing(user, engine, reason)
        case .open, .opening, .closing, nil:
            nil
        }
    }

    /// Closes an engine that no request uses and none has used since `limit`, whether or not a session is live.
    mutating func closeIfIdle(_ user: UserID, since limit: MonotonicInstant, reason: CloseReason) -> Closing? {
        guard case .open(let open) = entries[user], open.uses == 0, open.lastUsed <= limit else { return nil }
        return beginClosing(user, open.engine, reason)
    }

    /// Closes an engine whoever uses it.
    mutating func forceClose(_ user: UserID, reason: CloseReason) -> Closing? {
        switch entries[user] {
        case .open(let open): beginClosing(user, open.engine, reason)
        case .stuck(let engine, let reason): beginClosing(user, engine, reason)
        case .opening, .closing, nil: nil
        }
    }

    /// Ends a close. A failed one keeps the engine, so that it is tried again and never lost from sight.
    mutating func closed(_ closing: Closing, failed: Bool) -> [Continuation] {
        guard case .closing(let engine, _, let waiters) = entries[closing.user], engine === closing.engine else {
            return []
        }
        entries[closing.user] = failed ? .stuck(engine, reason: closing.reason) : nil
        return Array(waiters.values)
    }

    /// What a pass of the reaper sees: open engines, and those whose close has to be tried again.
    func snapshots() -> [EngineSnapshot] {
        entries.compactMap { user, entry in
            switch entry {
            case .open(let open):
                EngineSnapshot(user: user, uses: open.uses, lastUsed: open.lastUsed, isActive: false)
            case .stuck:
                EngineSnapshot(
                    user: user, uses: 0, lastUsed: MonotonicInstant(nanoseconds: .min), isActive: false)
            case .opening, .closing:
                nil
            }
        }
    }

    /// Counts a use of an engine that is open, without making it look recently used; `nil` if it is not.
    mutating func borrow(_ user: UserID) -> Engine? {
        guard case .open(var open) = entries[user] else { return nil }
        open.uses += 1
        entries[user] = .open(open)
        return open.engine
    }

    /// Refuses everyone from now on.
    mutating func shutDown() {
        isShutDown = true
    }

    private mutating func beginClosing(_ user: UserID, _ engine: Engine, _ reason: CloseReason) -> Closing {
        entries[user] = .closing(engine, reason: reason, waiters: [:])
        return Closing(user: user, engine: engine, reason: reason)
    }
}

/// Why an engine was closed; the `reason` label of `coffer_engines_closed_total`.
public enum CloseReason: String, Sendable, CaseIterable {
    /// The user's last session and research ended.
    case logout
    /// The reaper found nobody active.
    case reaped
    /// Nobody had used it for a while, although a session is live.
    case idle
    /// Its descriptors were needed by somebody else.
    case budget
    /// An operator asked.
    case admin
    /// The account was deleted.
    case deleted
    /// The server stops.
    case drained
}
