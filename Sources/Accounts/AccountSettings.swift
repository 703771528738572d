import Secrets

/// The rules of accounts and sessions.
public struct AccountSettings: Sendable {
    /// Whether anybody may register, or only an administrator.
    public var isRegistrationOpen: Bool
    /// What a password hash costs. Raised parameters apply to each user at the next login.
    public var passwordParameters: PasswordHash.Parameters
    /// The number of passwords hashed at once, each taking the memory of its parameters.
    public var passwordHashesAtOnce: Int
    /// The number of passwords that may wait for their hash.
    public var passwordQueueLimit: Int
    /// How long a session lives without being used.
    public var sessionIdleTimeout: Duration
    /// How long a session lives at most.
    public var sessionLifetime: Duration
    /// How long a session lives, used or not, whose user asked to be remembered.
    public var sessionRemember: Duration
    /// How many logins may fail.
    public var throttle: LoginThrottle.Limits
    /// How many users visitors of one network may register; `nil` for any number.
    public var registrationsPerNetwork: RateLimit?

    /// Takes the rules; the defaults are those of the server.
    public init(
        isRegistrationOpen: Bool = true,
        passwordParameters: PasswordHash.Parameters,
        passwordHashesAtOnce: Int,
        passwordQueueLimit: Int = 64,
        sessionIdleTimeout: Duration = .seconds(2 * 3_600),
        sessionLifetime: Duration = .seconds(24 * 3_600),
        sessionRemember: Duration = .seconds(30 * 24 * 3_600),
        throttle: LoginThrottle.Limits = LoginThrottle.Limits(),
        registrationsPerNetwork: RateLimit? = nil
    ) {
        self.isRegistrationOpen = isRegistrationOpen
        self.passwordParameters = passwordParameters
        self.passwordHashesAtOnce = passwordHashesAtOnce
        self.passwordQueueLimit = passwordQueueLimit
        self.sessionIdleTimeout = sessionIdleTimeout
        self.sessionLifetime = sessionLifetime
        self.sessionRemember = sessionRemember
        self.throttle = throttle
        self.registrationsPerNetwork = registrationsPerNetwork
    }

    /// How often `last seen` is written: often enough that a crash costs an active user no session.
    public var lastSeenInterval: Duration { min(.seconds(60), sessionIdleTimeout / 10) }
}
