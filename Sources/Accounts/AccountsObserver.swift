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
    /// A research lost its lease otherwise than by its own end: its time ran out, or its user was disabled or deleted.
    func researchLeaseEnded(_ lease: ResearchLease)
}

extension AccountsObserver {
    /// Counts nothing.
    public func loginEnded(_ result: LoginResult) {}
    /// Counts nothing.
    public func passwordHashed(in duration: Duration) {}
    /// Does nothing.
    public func sessionEnded(_ session: Session) {}
    /// Does nothing.
    public func researchLeaseEnded(_ lease: ResearchLease) {}
}

/// Tells several observers.
public struct AccountsObservers: AccountsObserver {
    private let observers: [any AccountsObserver]

    /// Takes the observers, in the order in which they are told.
    public init(_ observers: [any AccountsObserver]) {
        self.observers = observers
    }

    /// Passes it on.
    public func loginEnded(_ result: LoginResult) {
        for observer in observers { observer.loginEnded(result) }
    }

    /// Passes it on.
    public func passwordHashed(in duration: Duration) {
        for observer in observers { observer.passwordHashed(in: duration) }
    }

    /// Passes it on.
    public func sessionEnded(_ session: Session) {
        for observer in observers { observer.sessionEnded(session) }
    }

    /// Passes it on.
    public func researchLeaseEnded(_ lease: ResearchLease) {
        for observer in observers { observer.researchLeaseEnded(lease) }
    }
}
