import Accounts
import UserEngines

/// Names one listener; never used twice.
struct ListenerID: Hashable, Sendable {
    let number: UInt64
}

/// The running researches with their latest events, and who listens to them.
///
/// A listener has no queue of its own but a position in the ring of its research, so a thousand of them share one copy
/// of each event. Calls that give somebody something to do return what to do after unlock.
struct ListenerTable {
    /// What a listener that has asked is told.
    enum Step {
        case send([UInt8])
        case wait
        case end
    }

    /// What is to be done after unlock.
    struct Effects {
        var wake: [CheckedContinuation<Void, Never>] = []
        /// Listeners that were dropped while they were sending.
        var giveUp: [@Sendable () -> Void] = []
        var dropped: [ListenerDropReason] = []
    }

    private struct Channel {
        let user: UserID
        var ring: EventRing
        var listeners: Set<ListenerID> = []
        var isEnded = false
    }

    private struct Listener {
        let research: ResearchID
        let isEntitled: @Sendable () -> Bool
        let giveUp: @Sendable () -> Void
        /// What it gets before the first event.
        var opening: [UInt8]?
        /// The number of the event that it gets next.
        var next: UInt64
        var isHeartbeatDue = false
        var isDropped = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    /// How much of what has gathered is sent together, in bytes and one event more.
    private static let bytesAtOnce = 8192

    private let epoch: String
    private let limits: EventRing.Limits
    private var channels: [ResearchID: Channel] = [:]
    private var listeners: [ListenerID: Listener] = [:]
    private var lastListener: UInt64 = 0
    private(set) var isClosed = false

    init(epoch: String, limits: EventRing.Limits) {
        self.epoch = epoch
        self.limits = limits
    }

    var listenerCount: Int { listeners.count }

    func isRunning(_ research: ResearchID, of user: UserID) -> Bool {
        channels[research].map { $0.user == user && !$0.isEnded } ?? false
    }

    // MARK: - Researches

    mutating func begin(_ research: ResearchID, of user: UserID) {
        guard channels[research] == nil else { return }
        channels[research] = Channel(user: user, ring: EventRing(limits))
    }

    mutating func publish(_ kind: ResearchEvent.Kind, _ json: [UInt8], of research: ResearchID) -> Effects {
        guard let channel = channels[research], !channel.isEnded else { return Effects() }
        let id = EventID(epoch: epoch, number: channel.ring.next)
        return append(ResearchEvent(id: id, kind: kind, json: json), to: research)
    }

    /// Ends a research: its listeners get what is left of its events, the final state last, if there is one.
    mutating func end(_ research: ResearchID, state json: [UInt8]?) -> Effects {
        guard let channel = channels[research], !channel.isEnded else { return Effects() }
        var effects = Effects()
        if let json { effects = append(ResearchEvent(id: .final, kind: .state, json: json), to: research) }
        channels[research]?.isEnded = true
        for id in channel.listeners { wake(id, &effects) }
        removeIfOver(research)
        return effects
    }

    private mutating func append(_ event: ResearchEvent, to research: ResearchID) -> Effects {
        channels[research]!.ring.append(event.encoded)
        let channel = channels[research]!
        var effects = Effects()
        for id in channel.listeners {
            if listeners[id]!.next < channel.ring.first { drop(id, .slow, &effects) }
            wake(id, &effects)
        }
        return effects
    }

    /// A research that has ended stays for as long as somebody still takes its last events.
    private mutating func removeIfOver(_ research: ResearchID) {
        guard let channel = channels[research], channel.isEnded, channel.listeners.isEmpty else { return }
        channels[research] = nil
    }

    // MARK: - Listeners

    /// Adds a listener; `nil` if the research does not run or nobody may listen any more.
    mutating func add(
        to research: ResearchID, after lastSeen: EventID?, isEntitled: @escaping @Sendable () -> Bool,
        giveUp: @escaping @Sendable () -> Void
    ) -> ListenerID? {
        guard !isClosed, let channel = channels[research], !channel.isEnded else { return nil }
        let (opening, next) = begin(on: channel.ring, after: lastSeen)
        lastListener += 1
        let id = ListenerID(number: lastListener)
        listeners[id] = Listener(
            research: research, isEntitled: isEntitled, giveUp: giveUp, opening: opening, next: next)
        channels[research]!.listeners.insert(id)
        return id
    }

    private func begin(on ring: EventRing, after lastSeen: EventID?) -> (opening: [UInt8], next: UInt64) {
        if let lastSeen, lastSeen.epoch == epoch, lastSeen.number < ring.next, lastSeen.number >= ring.first - 1 {
            return (EventStreamText.opening(resumingAfter: lastSeen), lastSeen.number + 1)
        }
        let now = EventID(epoch: epoch, number: ring.next - 1)
        var opening = EventStreamText.opening(resumingAfter: now)
        if lastSeen != nil {
            opening += ResearchEvent(id: now, kind: .reset, json: EventStreamText.emptyObject).encoded
        }
        return (opening, ring.next)
    }

    mutating func step(of id: ListenerID) -> Step {
        guard var listener = listeners[id], !listener.isDropped, let channel = channels[listener.research] else {
            return .end
        }
        defer { listeners[id] = listener }
        if let opening = listener.opening.take() { return .send(opening) }
        if var bytes = channel.ring[listener.next] {
            listener.isHeartbeatDue = false
            listener.next += 1
            while bytes.count < Self.bytesAtOnce, let event = channel.ring[listener.next] {
                bytes += event
                listener.next += 1
            }
            return .send(bytes)
        }
        if channel.isEnded { return .end }
        guard listener.isHeartbeatDue else { return .wait }
        listener.isHeartbeatDue = false
        return .send(EventStreamText.heartbeat)
    }

    /// Keeps the continuation of a listener that has nothing to do; false if it has.
    mutating func wait(_ id: ListenerID, _ waiter: CheckedContinuation<Void, Never>) -> Bool {
        guard let listener = listeners[id], !listener.isDropped, let channel = channels[listener.research],
            !channel.isEnded, listener.next == channel.ring.next, !listener.isHeartbeatDue
        else { return false }
        listeners[id]!.waiter = waiter
        return true
    }

    mutating func takeWaiter(of id: ListenerID) -> CheckedContinuation<Void, Never>? {
        listeners[id]?.waiter.take()
    }

    mutating func remove(_ id: ListenerID) {
        guard let listener = listeners.removeValue(forKey: id) else { return }
        channels[listener.research]?.listeners.remove(id)
        removeIfOver(listener.research)
    }

    /// A comment is due to everyone who gets nothing else now, also to one that is just about to wait.
    mutating func beat() -> Effects {
        var effects = Effects()
        for id in listeners.keys {
            listeners[id]!.isHeartbeatDue = true
            wake(id, &effects)
        }
        return effects
    }

    /// Who listens, and whether they still may; to be asked after unlock.
    var entitlements: [(ListenerID, @Sendable () -> Bool)] { listeners.map { ($0, $1.isEntitled) } }

    mutating func drop(_ ids: [ListenerID], _ reason: ListenerDropReason) -> Effects {
        var effects = Effects()
        for id in ids { drop(id, reason, &effects) }
        return effects
    }

    /// Drops all, and lets nobody listen any more.
    mutating func close() -> Effects {
        isClosed = true
        return drop(Array(listeners.keys), .draining)
    }

    private mutating func drop(_ id: ListenerID, _ reason: ListenerDropReason, _ effects: inout Effects) {
        guard let listener = listeners[id], !listener.isDropped else { return }
        listeners[id]!.isDropped = true
        effects.dropped.append(reason)
        if listener.waiter == nil { effects.giveUp.append(listener.giveUp) } else { wake(id, &effects) }
    }

    private mutating func wake(_ id: ListenerID, _ effects: inout Effects) {
        if let waiter = takeWaiter(of: id) { effects.wake.append(waiter) }
    }
}
