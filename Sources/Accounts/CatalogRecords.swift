import Secrets
import Timekeeping
import UserEngines

/// A user as the catalog keeps them.
struct UserRecord: Sendable {
    let id: UserID
    let username: Username
    let created: UnixTime
    var isDisabled = false
    var credentials: Credentials
    /// The user key under the recovery code, if there is an unspent one.
    var recoverySeal: Seal?
}

/// What a password is checked against: nothing but whether the seal opens.
struct Credentials: Equatable, Sendable {
    var hash: PasswordHash
    /// The user key under the password.
    var seal: Seal
    /// Counts the passwords that the user has had, so that what was checked against an earlier one can be told.
    var version: Int64
}

/// A session as the catalog keeps it.
struct SessionRecord: Sendable {
    let id: SessionID
    let userID: UserID
    let lookupHash: Digest
    /// The user key under the secret of the session's token.
    let seal: Seal
    let created: UnixTime
    let lastSeen: UnixTime
    let expiresAt: UnixTime
    let idleTimeout: Duration
    let address: String
    let userAgent: String
}

/// What the catalog knows of a running research.
struct ResearchLeaseRecord: Sendable {
    let id: ResearchID
    let userID: UserID
    let lookupHash: Digest
    /// The user's data key under the secret of the research's token.
    let seal: Seal
    let created: UnixTime
    let expiresAt: UnixTime
    /// How far a heartbeat moves `expiresAt`.
    let duration: Duration
}

/// A data key as the catalog keeps it.
struct DataKeyRecord: Sendable {
    /// Which of a user's files the key is for. While a new key is being brought in, there is one of each.
    enum State: String, Sendable {
        case current
        case pending
    }

    let id: DataKeyID
    let userID: UserID
    let state: State
    /// The data key under the user key.
    let seal: Seal
    let created: UnixTime
}
