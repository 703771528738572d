import Timekeeping

/// The registry's decisions: who has which engine, and who waits for one. A value without locks, tasks or I/O.
/// All but the ends of uses happens under the registry's lock: see ``OpenEngine``.
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
    typealias Open = OpenEngine<Engine>
    typealias Continuation = CheckedContinuation<WaitResult, Never>

    /// How waiting for an entry ended.
    enum WaitResult: Sendable {
        /// The engine is open, and this waiter's use is counted.
        case use(Open)
        /// The entry left its state: decide anew.
        case decideAgain
        case failed(any Error)
        case cancelled
    }

    /// Those who wait for an entry to leave its state. Changed in place, under the lock that the state is in.
    final class Waiting {
        var continuations: [Int: Continuation] = [:]
        /// A close that was asked for while the engine was being opened or drained, or before.
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
        /// `closeWhenUnused` is a close that was asked for and could not begin; the end of the last use carries it out.
        case open(Open, closeWhenUnused: CloseReason? = nil)  // → closing, draining
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

    private(set) var entries: [UserID: Entry] = [:]
    /// How many entries there are in each state.
    private(set) var counts = RegistryCounts()
    private(set) var isShutDown = false
    /// How often somebody has had files alone: a key that was fetched before may be another one by now.
    var filesEpoch = 0
    /// Closes under way that were begun to give others their descriptors.
    var closesForRoom = 0
    private var lastWaiter = 0

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

    /// What a pass of the reaper sees of an engine that is open, or whose close has to be tried again; `nil` of any
    /// other.
    func snapshot(of user: UserID) -> EngineSnapshot? {
        switch entries[user] {
        case .open(let open, _):
            EngineSnapshot(user: user, uses: open.uses, lastUsed: open.lastUsed, isActive: false)
        case .stuck:
            EngineSnapshot(
                user: user, uses: 0, lastUsed: MonotonicInstant(nanoseconds: 0), isActive: false, isStuck: true)
        case .opening, .draining, .closing, .exclusive, nil:
            nil
        }
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
