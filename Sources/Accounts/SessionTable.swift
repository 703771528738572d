import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// Every session that has not ended, in memory: what each request is checked against.
final class SessionTable: Sendable {
    /// The same sessions twice: by what a token finds them by, and by user. Guarded as one.
    private struct State {
        var byHash: [Digest: Session] = [:]
        var byUser: [UserID: [SessionID: Session]] = [:]

        mutating func remove(_ session: Session) -> Bool {
            guard byHash[session.lookupHash] === session else { return false }
            byHash[session.lookupHash] = nil
            byUser[session.userID]?[session.id] = nil
            if byUser[session.userID]?.isEmpty == true { byUser[session.userID] = nil }
            return true
        }
    }

    private let state = Mutex(State())

    /// The session that a token's lookup hash belongs to.
    subscript(hash: Digest) -> Session? { state.withLock { $0.byHash[hash] } }

    var all: [Session] { state.withLock { Array($0.byHash.values) } }

    func sessions(of user: UserID) -> [Session] {
        state.withLock { state in state.byUser[user].map { Array($0.values) } ?? [] }
    }

    func session(_ id: SessionID, of user: UserID) -> Session? {
        state.withLock { $0.byUser[user]?[id] }
    }

    func insert(_ session: Session) {
        state.withLock { state in
            state.byHash[session.lookupHash] = session
            state.byUser[session.userID, default: [:]][session.id] = session
        }
    }

    /// Takes the sessions out and ends them; once this has returned, no use of them succeeds. Those that were out
    /// already are not in the answer.
    @discardableResult
    func end(_ sessions: [Session]) -> [Session] {
        let removed = state.withLock { state in sessions.filter { state.remove($0) } }
        for session in removed { session.end() }
        return removed
    }
}
