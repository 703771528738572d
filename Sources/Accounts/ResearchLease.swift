import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// The name of a research; no secret.
public typealias ResearchID = RandomID<ResearchLease>

/// What a running research holds: the right to its user's data until a deadline that heartbeats move.
///
/// Past the deadline it is over, whether or not anybody has noticed. Inside a process the monotonic clock decides; the
/// deadline on the wall clock is for the next process.
public final class ResearchLease: Sendable {
    /// The research that holds it.
    public let id: ResearchID
    /// Whose research it is.
    public let userID: UserID
    /// How far a heartbeat moves the deadline.
    public let duration: Duration

    let lookupHash: Digest
    let proof = KeyProof()
    private let seal: Seal
    private let holder: ActivityHolder
    private let state: Mutex<State>

    private struct State {
        var deadline: MonotonicInstant
        var expiresAt: UnixTime
        var isEnded = false
        /// Whether a token's secret has opened the seal in this process.
        var isVerified = false

        func isLive(at now: MonotonicInstant) -> Bool { !isEnded && now < deadline }
    }

    /// Makes the user active until the record's deadline. One that lies further ahead than a lease reaches comes from
    /// a clock that has been set back, and is cut.
    init(_ record: ResearchLeaseRecord, activity: Activity, time: any TimeSource) {
        let rest = min(time.unixTime.duration(to: record.expiresAt), record.duration)
        let deadline = time.now.advanced(by: rest)
        id = record.id
        userID = record.userID
        duration = record.duration
        lookupHash = record.lookupHash
        seal = record.seal
        holder = activity.begin(user: record.userID, kind: .research, until: deadline)
        state = Mutex(State(deadline: deadline, expiresAt: record.expiresAt))
    }

    /// When it is over unless a heartbeat comes.
    public var expiresAt: UnixTime { state.withLock { $0.expiresAt } }

    /// Whether its deadline lies ahead and nobody has ended it.
    public func isLive(at now: MonotonicInstant) -> Bool {
        state.withLock { $0.isLive(at: now) }
    }

    /// The time that is left.
    func rest(at now: MonotonicInstant) -> Duration {
        state.withLock { now.duration(to: $0.deadline) }
    }

    /// Accepts one use by `token`, which lies behind the lookup hash; the first one opens the seal.
    func use(with token: ResearchToken, at now: MonotonicInstant) throws(AccountError) {
        try state.withLock { (state) throws(AccountError) in
            guard state.isLive(at: now) else { throw .invalidToken }
            if state.isVerified { return }
            guard (try? openSeal(with: token)) != nil else { throw .invalidToken }
            state.isVerified = true
        }
    }

    /// Opens the seal: the user's data key.
    func openSeal(with token: ResearchToken) throws -> GuardedBytes {
        try seal.open(with: token.sealingKey(), context: .dataKey(of: userID, research: id))
    }

    /// Moves the deadline; nil if it has passed already. What has expired is not brought back.
    func renew(time: any TimeSource) -> UnixTime? {
        state.withLock { state in
            // Read under the lock, so that nobody has seen it expired at a later time already.
            let (now, wall) = (time.now, time.unixTime)
            guard state.isLive(at: now) else { return nil }
            state.deadline = now.advanced(by: duration)
            state.expiresAt = wall.advanced(by: duration)
            holder.extend(until: state.deadline)
            return state.expiresAt
        }
    }

    /// Refuses every later use, and protects the user's engine no more.
    func end() {
        // The holder stops under the lock, so that no renewal revives it.
        state.withLock { state in
            state.isEnded = true
            holder.end()
        }
    }
}
