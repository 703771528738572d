import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// The leases of all researches, in memory, and the places of those that are being started.
final class ResearchLeaseTable: Sendable {
    /// The same leases twice: by what a token finds them by, and by user. Guarded as one.
    private struct State {
        var byHash: [Digest: ResearchLease] = [:]
        var byUser: [UserID: [ResearchID: ResearchLease]] = [:]
        var places: [ResearchID: UserID] = [:]

        mutating func remove(_ lease: ResearchLease) -> Bool {
            guard byHash[lease.lookupHash] === lease else { return false }
            byHash[lease.lookupHash] = nil
            byUser[lease.userID]?[lease.id] = nil
            if byUser[lease.userID]?.isEmpty == true { byUser[lease.userID] = nil }
            return true
        }
    }

    private let state = Mutex(State())

    /// The lease that a token's lookup hash belongs to.
    subscript(hash: Digest) -> ResearchLease? { state.withLock { $0.byHash[hash] } }

    var all: [ResearchLease] { state.withLock { Array($0.byHash.values) } }

    func leases(of user: UserID) -> [ResearchLease] {
        state.withLock { state in state.byUser[user].map { Array($0.values) } ?? [] }
    }

    func lease(_ id: ResearchID, of user: UserID) -> ResearchLease? {
        state.withLock { $0.byUser[user]?[id] }
    }

    /// Whether a research has a good lease, or a place.
    func isRunning(_ id: ResearchID, of user: UserID, at now: MonotonicInstant) -> Bool {
        state.withLock { state in
            state.places[id] != nil || state.byUser[user]?[id]?.isLive(at: now) ?? false
        }
    }

    /// Takes a place for a research that is about to start, unless the user or the server has as many as may run. Both
    /// are counted and the place taken in one step.
    func reserve(
        _ id: ResearchID, of user: UserID, limits: ResearchLimits, at now: MonotonicInstant
    ) throws(AccountError) {
        try state.withLock { (state) throws(AccountError) in
            let own = (state.byUser[user] ?? [:]).values.filter { $0.isLive(at: now) }
            guard own.count + state.places.values.count(where: { $0 == user }) < limits.perUser else {
                throw .researchLimit(retryAfter: Self.shortestRest(of: own, at: now))
            }
            let all = state.byHash.values.filter { $0.isLive(at: now) }
            guard all.count + state.places.count < limits.total else {
                throw .researchLimit(retryAfter: Self.shortestRest(of: all, at: now))
            }
            state.places[id] = user
        }
    }

    /// Gives back the place of a research that has not started.
    func giveBack(_ id: ResearchID) {
        state.withLock { $0.places[id] = nil }
    }

    /// Adds a lease, which takes over its research's place.
    func insert(_ lease: ResearchLease) {
        state.withLock { state in
            state.places[lease.id] = nil
            state.byHash[lease.lookupHash] = lease
            state.byUser[lease.userID, default: [:]][lease.id] = lease
        }
    }

    /// Takes the leases out and ends them. Those that were out already are not in the answer.
    @discardableResult
    func end(_ leases: [ResearchLease]) -> [ResearchLease] {
        let removed = state.withLock { state in leases.filter { state.remove($0) } }
        for lease in removed { lease.end() }
        return removed
    }

    /// The soonest that one of them can end by itself.
    private static func shortestRest(of leases: [ResearchLease], at now: MonotonicInstant) -> Duration {
        max(.seconds(1), leases.map { $0.rest(at: now) }.min() ?? .zero)
    }
}
