import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// One login of one user, until it is ended or expires.
///
/// It comes from the catalog, which a stranger may have written to, so it counts for nothing until its token's secret
/// has opened its seal once in this process.
public final class Session: Sendable {
    // What each use touches comes first, in as few lines of the cache as it takes.
    /// Whose session it is.
    public let userID: UserID
    private let state: Mutex<State>
    /// When the session ends however much it is used.
    public let expiresAt: UnixTime
    /// How long it lives without being used.
    public let idleTimeout: Duration
    let proof = KeyProof()
    /// The session's name in lists; no secret.
    public let id: SessionID
    /// The name of that user.
    public let username: String
    /// When the user logged in.
    public let created: UnixTime
    /// The address that the login came from.
    public let address: String
    /// The user agent that the login named, cut to a bounded length; empty if none.
    public let userAgent: String

    let lookupHash: Digest
    private let seal: Seal

    private struct State {
        var phase = Phase.unverified
        var lastSeen: UnixTime
        var savedLastSeen: UnixTime
    }

    /// `unverified` can become `verified` or `ended`; `verified` can become `ended`.
    private enum Phase {
        case unverified
        case verified(ActivityHolder)
        case ended
    }

    init(_ record: SessionRecord, username: String) {
        id = record.id
        userID = record.userID
        self.username = username
        created = record.created
        expiresAt = record.expiresAt
        idleTimeout = record.idleTimeout
        address = record.address
        userAgent = record.userAgent
        lookupHash = record.lookupHash
        seal = record.seal
        state = Mutex(State(lastSeen: record.lastSeen, savedLastSeen: record.lastSeen))
    }

    /// When its token was last accepted.
    public var lastSeen: UnixTime { state.withLock { $0.lastSeen } }

    /// Whether its token has proved itself in this process, and the session has not ended.
    public var isVerified: Bool {
        state.withLock { state in
            if case .verified = state.phase { true } else { false }
        }
    }

    /// Accepts one use of the session by `token`, which lies behind its lookup hash: checks the deadlines, has the seal
    /// opened the first time, and moves the idle deadline on.
    func use(with token: SessionToken, activity: Activity, time: any TimeSource) throws(AccountError) {
        let wall = time.unixTime
        try state.withLock { (state) throws(AccountError) in
            guard !isOver(state, at: wall) else { throw .invalidToken }
            let deadline = time.now.advanced(by: min(idleTimeout, wall.duration(to: expiresAt)))
            switch state.phase {
            case .unverified:
                guard (try? openSeal(with: token)) != nil else { throw .invalidToken }
                state.phase = .verified(activity.begin(user: userID, kind: .session, until: deadline))
            case .verified(let holder): holder.extend(until: deadline)
            case .ended: throw .invalidToken
            }
            state.lastSeen = max(state.lastSeen, wall)
        }
    }

    /// Opens the seal: the user key.
    func openSeal(with token: SessionToken) throws -> GuardedBytes {
        try seal.open(with: token.sealingKey(), context: .userKey(of: userID, session: id))
    }

    /// Refuses every later use.
    func end() {
        let holder = state.withLock { state -> ActivityHolder? in
            defer { state.phase = .ended }
            if case .verified(let holder) = state.phase { return holder }
            return nil
        }
        holder?.end()
    }

    /// Whether one of its deadlines has passed. The wall clock decides, as it will after a restart.
    func isExpired(at now: UnixTime) -> Bool {
        state.withLock { isOver($0, at: now) }
    }

    /// The time to be written, if it is newer than the written one.
    var unsavedLastSeen: UnixTime? {
        state.withLock { $0.lastSeen > $0.savedLastSeen ? $0.lastSeen : nil }
    }

    func markSaved(lastSeen: UnixTime) {
        state.withLock { $0.savedLastSeen = max($0.savedLastSeen, lastSeen) }
    }

    private func isOver(_ state: borrowing State, at now: UnixTime) -> Bool {
        now >= expiresAt || now >= state.lastSeen.advanced(by: idleTimeout)
    }
}
