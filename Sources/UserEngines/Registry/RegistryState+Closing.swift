import Timekeeping

// What ends an engine, and what follows from its end.
extension RegistryState {
    /// The right and duty to close an engine.
    struct Closing: Sendable {
        let user: UserID
        let engine: Engine
        let reason: CloseReason
    }

    /// What somebody has to do next who wants an engine closed.
    enum ForceStep {
        /// Nothing: there is none.
        case absent
        /// Close it.
        case close(Closing)
        /// Wait: somebody else opens or closes it, or works on the files.
        case wait
    }

    /// Decides what follows from the end of a use, if it was the last: the close to carry out, if one is due.
    mutating func useEnded(
        of ended: Open, _ user: UserID, waitingForRoom: Int, isActive: @autoclosure () -> Bool
    ) -> Closing? {
        // The end of a use that has begun since comes here, too.
        guard ended.uses == 0 else { return nil }
        switch entries[user] {
        case .draining(let open, let reason, let waiting) where open === ended:
            return beginClosing(user, open.engine, reason, waiting)
        case .open(let open, let closeWhenUnused) where open === ended:
            open.stopAwaiting()
            if let closeWhenUnused {
                if !isActive() { return beginClosing(user, open.engine, closeWhenUnused) }
                set(user, .open(open))
            }
            return waitingForRoom > closesForRoom ? beginClosing(user, open.engine, .budget) : nil
        case .opening, .open, .draining, .closing, .stuck, .exclusive, nil:
            // It closes or has closed already; a successor is another's.
            return nil
        }
    }

    /// Closes the engine that has been unused for longest, unless as many closes are under way as wait for room.
    ///
    /// Nobody's session ends with it: a token opens the engine again.
    mutating func closeLeastRecentlyUsed(waitingForRoom: Int, where givesRoom: (Engine) -> Bool) -> Closing? {
        guard waitingForRoom > closesForRoom else { return nil }
        var oldest: (user: UserID, open: Open)?
        for case (let user, .open(let open, _)) in entries where open.uses == 0 && givesRoom(open.engine) {
            if oldest == nil || open.lastUsed < oldest!.open.lastUsed { oldest = (user, open) }
        }
        return oldest.map { beginClosing($0.user, $0.open.engine, .budget) }
    }

    /// Closes an engine that nobody is active on: at once if nobody uses it, else when the last use ends.
    mutating func closeIfUnneeded(_ user: UserID, reason: CloseReason, isActive: Bool) -> Closing? {
        switch entries[user] {
        case .open(let open, _) where !isActive:
            guard open.awaitLastEnd() else { return beginClosing(user, open.engine, reason) }
            set(user, .open(open, closeWhenUnused: reason))
            return nil
        case .opening(let waiting), .draining(_, _, let waiting):
            waiting.closeWhenUnused = reason
            return nil
        case .stuck(let engine, let reason):
            return beginClosing(user, engine, reason)
        case .open, .closing, .exclusive, nil:
            return nil
        }
    }

    /// Closes an engine that no request uses and nobody is active on.
    mutating func closeIfUnused(_ user: UserID, reason: CloseReason, isActive: @autoclosure () -> Bool) -> Closing? {
        switch entries[user] {
        case .open(let open, _) where open.uses == 0 && !isActive():
            beginClosing(user, open.engine, reason)
        case .stuck(let engine, let reason):
            beginClosing(user, engine, reason)
        case .open, .opening, .draining, .closing, .exclusive, nil:
            nil
        }
    }

    /// Closes an engine that no request uses and none has used since `limit`, whether or not a session is live.
    mutating func closeIfIdle(
        _ user: UserID, since limit: MonotonicInstant, reason: CloseReason, hasResearch: @autoclosure () -> Bool
    ) -> Closing? {
        guard case .open(let open, _) = entries[user], open.uses == 0, open.lastUsed <= limit, !hasResearch() else {
            return nil
        }
        return beginClosing(user, open.engine, reason)
    }

    /// What somebody has to do next who wants a user's engine closed, whoever uses it.
    mutating func forceStep(_ user: UserID, reason: CloseReason) -> ForceStep {
        switch entries[user] {
        case .open(let open, _): .close(beginClosing(user, open.engine, reason))
        case .stuck(let engine, let reason): .close(beginClosing(user, engine, reason))
        case .opening, .draining, .closing, .exclusive: .wait
        case nil: .absent
        }
    }

    /// Ends a close. A failed one keeps the engine, so that it is tried again and never lost from sight.
    mutating func closed(_ closing: Closing, failed: Bool) -> [Continuation] {
        if closing.reason == .budget { closesForRoom -= 1 }
        guard case .closing(let engine, _, let waiting) = entries[closing.user], engine === closing.engine else {
            return []
        }
        if waiting.isForFiles && !failed {
            set(closing.user, .exclusive(waiting))
            return waiting.drainer.map { [$0] } ?? []
        }
        set(closing.user, failed ? .stuck(engine, reason: closing.reason) : nil)
        return Array(waiting.continuations.values) + (waiting.drainer.map { [$0] } ?? [])
    }

    mutating func beginClosing(
        _ user: UserID, _ engine: Engine, _ reason: CloseReason, _ waiting: Waiting = Waiting()
    ) -> Closing {
        if reason == .budget { closesForRoom += 1 }
        set(user, .closing(engine, reason: reason, waiting))
        return Closing(user: user, engine: engine, reason: reason)
    }
}
