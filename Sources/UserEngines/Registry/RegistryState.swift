import Timekeeping

/// The registry's decisions: who has which engine, and who waits for one. A value without locks, tasks or I/O.
///
/// ```
/// closed  → opening                first request of a user
/// opening → open | closed          the open succeeded | failed
/// open    → closing                nobody uses it and it may go; or it must
/// closing → closed | stuck         the close succeeded | failed
/// stuck   → closing                retried by the next request or pass
/// closed  → exclusive → closed     somebody works on the files themselves
/// open    → draining               the same, once the requests are done that use it now
/// draining → closing | open        they are | they were not in time
/// closing → exclusive              after draining
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

    /// An engine that serves requests. Changed in place, under the lock that the state is in.
    final class Open {
        let engine: Engine
        var uses: Int
        var lastUsed: MonotonicInstant
        /// A close that was asked for while requests used the engine; the last one of them carries it out.
        var closeWhenUnused: CloseReason?

        init(_ engine: Engine, uses: Int, at now: MonotonicInstant) {
            self.engine = engine
            self.uses = uses
            lastUsed = now
        }

        /// Counts a use.
        func use(at now: MonotonicInstant) -> Engine {
            uses += 1
            lastUsed = now
            return engine
        }
    }

    /// Those who wait for an entry to leave its state. Changed in place, under the lock that the state is in.
    final class Waiting {
        var continuations: [Int: Continuation] = [:]
        /// A close that was asked for while the engine was being opened.
        var closeWhenUnused: CloseReason?
        /// Whether the files are to be somebody's alone as soon as the engine has closed.
        var isForFiles = false
        /// Who is to have them then, and waits for it.
        var drainer: Continuation?
        /// Tells one draining from a later one of the same user.
        var draining = 0
    }

    enum Entry {
        case opening(Waiting)  // → open, closed
        case open(Open)  // → closing, draining
        case draining(Open, reason: CloseReason, Waiting)  // → closing, open
        case closing(Engine, reason: CloseReason, Waiting)  // → closed, stuck, exclusive
        case stuck(Engine, reason: CloseReason)  // → closing
        case exclusive(Waiting)  // → closed

        /// Those who wait, in a state that is waited for.
        var waiting: Waiting? {
            switch self {
            case .opening(let waiting), .closing(_, _, let waiting), .exclusive(let waiting),
                .draining(_, _, let waiting):
                waiting
            case .open, .stuck: nil
            }
        }
    }

    /// What a request that wants an engine has to do next.
    enum Step {
        /// Go on: the use is counted.
        case use(Engine)
        /// Wait with ``enqueue(_:for:_:)``: somebody opens or closes this user's engine.
        case wait
        /// The same, but not for ever: somebody has, or is about to have, the files alone.
        case waitForFiles
        /// Nobody has it: come back with the key and this number.
        case fetchKey(epoch: Int)
        /// Open it: the entry is now `opening`, and this caller's to end with ``opened(_:_:at:)`` or ``openFailed(_:)``.
        case open
        /// Close it first: the entry is now `closing`, and this caller's to end with ``closed(_:_:)``.
        case close(Closing)
        /// The registry is shut down.
        case refuse
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

    /// The right and duty to close an engine.
    struct Closing: Sendable {
        let user: UserID
        let engine: Engine
        let reason: CloseReason
    }

    private(set) var entries: [UserID: Entry] = [:]
    /// How many entries there are in each state.
    private(set) var counts = RegistryCounts()
    private(set) var isShutDown = false
    /// How often somebody has had files alone: a key that was fetched before may be another one by now.
    private var filesEpoch = 0
    /// Closes under way that were begun to give others their descriptors.
    private var closesForRoom = 0
    private var lastWaiter = 0

    /// The engine, with a use counted, if it is open.
    mutating func useIfOpen(_ user: UserID, at now: MonotonicInstant) -> Engine? {
        guard !isShutDown, case .open(let open) = entries[user] else { return nil }
        return open.use(at: now)
    }

    /// - Parameter keyEpoch: the number that the key was fetched for; `nil` without a key.
    mutating func step(for user: UserID, keyEpoch: Int?, at now: MonotonicInstant) -> Step {
        guard !isShutDown else { return .refuse }
        switch entries[user] {
        case .open(let open): return .use(open.use(at: now))
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

    mutating func makeWaiter() -> Int {
        lastWaiter += 1
        return lastWaiter
    }

    /// Queues a waiter, or hands the continuation back with its result when there is nothing left to wait for.
    mutating func enqueue(_ waiter: Int, for user: UserID, _ continuation: Continuation) -> WaitResult? {
        guard let waiting = entries[user]?.waiting else { return .decideAgain }
        waiting.continuations[waiter] = continuation
        return nil
    }

    /// Takes a cancelled waiter out; `nil` if it has been served already, and then keeps what it was given.
    mutating func withdraw(_ waiter: Int, for user: UserID) -> Continuation? {
        entries[user]?.waiting?.continuations.removeValue(forKey: waiter)
    }

    /// Ends an opening with success: everyone who waits is given a use. If nobody does any more, and a close was asked for
    /// meanwhile, it is to be carried out.
    mutating func opened(
        _ user: UserID, _ engine: Engine, at now: MonotonicInstant, isActive: @autoclosure () -> Bool
    ) -> (waiters: [Continuation], closing: Closing?) {
        guard case .opening(let waiting) = entries[user] else {
            preconditionFailure("an engine was opened that nobody had begun to open")
        }
        let open = Open(engine, uses: waiting.continuations.count, at: now)
        set(user, .open(open))
        if open.uses == 0, let reason = waiting.closeWhenUnused, !isActive() {
            return ([], beginClosing(user, engine, reason))
        }
        open.closeWhenUnused = waiting.closeWhenUnused
        return (Array(waiting.continuations.values), nil)
    }

    /// Ends an opening with failure: nothing stays, and everyone who waits is told.
    mutating func openFailed(_ user: UserID) -> [Continuation] {
        guard case .opening(let waiting) = set(user, nil) else {
            preconditionFailure("an opening failed that nobody had begun")
        }
        return Array(waiting.continuations.values)
    }

    /// Ends a use; the close to carry out, if this was the last one and a close is due. `now` is `nil` after a ``borrow(_:)``.
    mutating func endUse(
        of engine: Engine, _ user: UserID, at now: MonotonicInstant?, waitingForRoom: Int,
        isActive: @autoclosure () -> Bool
    ) -> Closing? {
        switch entries[user] {
        case .draining(let open, let reason, let waiting) where open.engine === engine:
            open.uses -= 1
            return open.uses == 0 ? beginClosing(user, engine, reason, waiting) : nil
        case .open(let open) where open.engine === engine:
            open.uses -= 1
            if let now { open.lastUsed = now }
            if open.uses == 0, let reason = open.closeWhenUnused {
                open.closeWhenUnused = nil
                if !isActive() { return beginClosing(user, engine, reason) }
            }
            if open.uses == 0 && waitingForRoom > closesForRoom { return beginClosing(user, engine, .budget) }
            return nil
        case .opening, .open, .draining, .closing, .stuck, .exclusive, nil:
            // While it closes by force, or after, there is nothing to count any more; a successor is another's.
            return nil
        }
    }

    /// Closes the engine that has been unused for longest, unless as many closes are under way as wait for room.
    ///
    /// Nobody's session ends with it: a token opens the engine again.
    mutating func closeLeastRecentlyUsed(waitingForRoom: Int, where givesRoom: (Engine) -> Bool) -> Closing? {
        guard waitingForRoom > closesForRoom else { return nil }
        var oldest: (user: UserID, open: Open)?
        for case (let user, .open(let open)) in entries where open.uses == 0 && givesRoom(open.engine) {
            if oldest == nil || open.lastUsed < oldest!.open.lastUsed { oldest = (user, open) }
        }
        return oldest.map { beginClosing($0.user, $0.open.engine, .budget) }
    }

    /// Closes an engine that nobody is active on: at once if nobody uses it, else when the last use ends.
    mutating func closeIfUnneeded(_ user: UserID, reason: CloseReason, isActive: Bool) -> Closing? {
        switch entries[user] {
        case .open(let open) where !isActive:
            guard open.uses > 0 else { return beginClosing(user, open.engine, reason) }
            open.closeWhenUnused = reason
            return nil
        case .opening(let waiting):
            waiting.closeWhenUnused = reason
            return nil
        case .stuck(let engine, let reason):
            return beginClosing(user, engine, reason)
        case .open, .draining, .closing, .exclusive, nil:
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
        case .open, .opening, .draining, .closing, .exclusive, nil:
            nil
        }
    }

    /// Closes an engine that no request uses and none has used since `limit`, whether or not a session is live.
    mutating func closeIfIdle(
        _ user: UserID, since limit: MonotonicInstant, reason: CloseReason, hasResearch: @autoclosure () -> Bool
    ) -> Closing? {
        guard case .open(let open) = entries[user], open.uses == 0, open.lastUsed <= limit, !hasResearch() else {
            return nil
        }
        return beginClosing(user, open.engine, reason)
    }

    /// What somebody has to do next who wants a user's engine closed, whoever uses it.
    mutating func forceStep(_ user: UserID, reason: CloseReason) -> ForceStep {
        switch entries[user] {
        case .open(let open): .close(beginClosing(user, open.engine, reason))
        case .stuck(let engine, let reason): .close(beginClosing(user, engine, reason))
        case .opening, .draining, .closing, .exclusive: .wait
        case nil: .absent
        }
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

    /// What a pass of the reaper sees of an engine that is open, or whose close has to be tried again; `nil` of any other.
    func snapshot(of user: UserID) -> EngineSnapshot? {
        switch entries[user] {
        case .open(let open):
            EngineSnapshot(user: user, uses: open.uses, lastUsed: open.lastUsed, isActive: false)
        case .stuck:
            EngineSnapshot(
                user: user, uses: 0, lastUsed: MonotonicInstant(nanoseconds: 0), isActive: false, isStuck: true)
        case .opening, .draining, .closing, .exclusive, nil:
            nil
        }
    }

    /// Counts a use of an engine that is open, without making it look recently used; `nil` if it is not.
    mutating func borrow(_ user: UserID) -> Engine? {
        guard case .open(let open) = entries[user] else { return nil }
        open.uses += 1
        return open.engine
    }

    /// Refuses everyone from now on.
    mutating func shutDown() {
        isShutDown = true
    }

    /// Changes the state of an entry, and the counts with it; the previous one.
    @discardableResult
    mutating func set(_ user: UserID, _ entry: Entry?) -> Entry? {
        let previous = entry.map { entries.updateValue($0, forKey: user) } ?? entries.removeValue(forKey: user)
        if let previous { counts[keyPath: previous.count] -= 1 }
        if let entry { counts[keyPath: entry.count] += 1 }
        return previous
    }

    mutating func beginClosing(
        _ user: UserID, _ engine: Engine, _ reason: CloseReason, _ waiting: Waiting = Waiting()
    ) -> Closing {
        if reason == .budget { closesForRoom += 1 }
        set(user, .closing(engine, reason: reason, waiting))
        return Closing(user: user, engine: engine, reason: reason)
    }
}

extension RegistryState.Entry {
    /// Where this state is counted: what is stuck is still to be closed, and what is exclusive is not to be opened.
    fileprivate var count: WritableKeyPath<RegistryCounts, Int> {
        switch self {
        case .opening: \.opening
        case .open, .draining: \.open
        case .closing, .stuck, .exclusive: \.closing
        }
    }
}
