import Synchronization
import Timekeeping

/// Who is active: the users with a live session or a live research. The one place that knows, and cheap to ask.
///
/// A holder past its deadline stops counting at that instant, whether or not anybody has ended it yet.
public final class Activity: Sendable {
    /// What keeps a user active.
    public enum Kind: Sendable, CaseIterable {
        case session
        case research
    }

    private struct State {
        var holders: [UserID: [ActivityHolder]] = [:]
        /// Holders that have begun and were not ended, by kind, live or not.
        var counts: [Kind: Int] = [:]
    }

    private let time: any TimeSource
    /// Guards the holders of every user. Taken under the registry's lock, so nothing is awaited or called out from
    /// under it.
    private let state = Mutex(State())

    /// Makes an activity table on which nobody is active.
    public init(time: any TimeSource) {
        self.time = time
    }

    /// Starts to count `user` as active until `deadline`, or until the holder is ended.
    public func begin(user: UserID, kind: Kind, until deadline: MonotonicInstant) -> ActivityHolder {
        let holder = ActivityHolder(user: user, kind: kind, deadline: deadline, activity: self)
        state.withLock { state in
            state.holders[user, default: []].append(holder)
            state.counts[kind, default: 0] += 1
        }
        return holder
    }

    /// Whether a session or a research of `user` is live now.
    public func isActive(_ user: UserID) -> Bool {
        let now = time.now
        return state.withLock { $0.holders[user]?.contains { $0.isLive(at: now) } ?? false }
    }

    /// Whether a holder of one kind is live now.
    public func isActive(_ user: UserID, by kind: Kind) -> Bool {
        let now = time.now
        return state.withLock { $0.holders[user]?.contains { $0.kind == kind && $0.isLive(at: now) } ?? false }
    }

    /// The live holders of one kind.
    public func count(of kind: Kind) -> Int {
        let now = time.now
        return state.withLock { state in
            guard state.counts[kind, default: 0] > 0 else { return 0 }
            return state.holders.values.reduce(0) { $0 + $1.count { $0.kind == kind && $0.isLive(at: now) } }
        }
    }

    /// The users with at least one live holder.
    public var activeUserCount: Int {
        let now = time.now
        return state.withLock { state in
            state.holders.values.count { $0.contains { $0.isLive(at: now) } }
        }
    }

    fileprivate func end(_ holder: ActivityHolder) {
        state.withLock { state in
            guard let index = state.holders[holder.user]?.firstIndex(where: { $0 === holder }) else { return }
            state.holders[holder.user]!.remove(at: index)
            if state.holders[holder.user]!.isEmpty { state.holders[holder.user] = nil }
            state.counts[holder.kind]! -= 1
        }
    }
}

/// One reason why a user counts as active: a session or a research, until its deadline.
public final class ActivityHolder: Sendable {
    /// The user who is active.
    public let user: UserID
    /// What keeps them so.
    public let kind: Activity.Kind

    private let deadline: Atomic<Int64>
    private let activity: Activity

    fileprivate init(user: UserID, kind: Activity.Kind, deadline: MonotonicInstant, activity: Activity) {
        self.user = user
        self.kind = kind
        self.deadline = Atomic(deadline.nanoseconds)
        self.activity = activity
    }

    /// Whether the deadline still lies ahead.
    public func isLive(at now: MonotonicInstant) -> Bool {
        now.nanoseconds < deadline.load(ordering: .relaxed)
    }

    /// Moves the deadline; takes no lock, for every request does it.
    public func extend(until deadline: MonotonicInstant) {
        self.deadline.store(deadline.nanoseconds, ordering: .relaxed)
    }

    /// Stops counting, at once. Ending twice is fine.
    public func end() {
        deadline.store(.min, ordering: .relaxed)
        activity.end(self)
    }
}
