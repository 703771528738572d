import UserEngines

/// How a login ended, for counting.
public enum LoginResult: String, Sendable, CaseIterable {
    case success
    case invalidCredentials = "invalid_credentials"
    case accountDisabled = "account_disabled"
    case tooManyAttempts = "too_many_attempts"
    case passwordQueueFull = "password_queue_full"
    /// Storage or memory failed, or the caller went away.
    case error
}

/// Told of what is worth counting and of what others must clean up after. Called on the thread that did it, so it is
/// quick and calls nothing back.
public protocol AccountsObserver: Sendable {
    /// A login ended.
    func loginEnded(_ result: LoginResult)
    /// A password was hashed, waiting not included.
    func passwordHashed(in duration: Duration)
    /// A session ended: logout, revocation, expiry, a password change, or its user's deletion. No call with its token
    /// succeeds any more.
    func sessionEnded(_ session: Session)
}

extension AccountsObserver {
    /// Counts nothing.
    public func loginEnded(_ result: LoginResult) {}
    /// Counts nothing.
    public func passwordHashed(in duration: Duration) {}
    /// Does nothing.
    public func sessionEnded(_ session: Session) {}
}
