/// The limits and times of one pool.
public struct PoolConfiguration: Sendable, Equatable {
    /// Connections that are kept open once ``ConnectionPool/maintain()`` has run; 0 opens only on demand.
    public var minimum: Int
    /// Connections that may be open at once, those being opened and closed included; at least 1.
    public var maximum: Int
    /// Acquires that may wait while every connection is taken; one more is refused at once.
    public var queueLimit: Int
    /// How long an acquire may take altogether: in the queue, for an open and for a health check.
    public var acquireTimeout: Duration
    /// Idle time after which a connection is checked before it is handed out.
    public var checkAfterIdle: Duration
    /// Idle time after which a connection above the minimum is closed.
    public var idleTimeout: Duration
    /// Time after which a connection is closed when it is next idle or released; each one's is up to 5 % shorter, so
    /// that those opened together do not all go together.
    public var lifetime: Duration
    /// Age at which a lease is reported as a suspected leak.
    public var leakThreshold: Duration
    /// Time after which an open or a health check no longer counts as being under way, so that whoever waits for it
    /// gets another one begun beside it.
    public var openPatience: Duration

    /// Makes a configuration. Traps unless `0 <= minimum <= maximum`, `1 <= maximum`, `0 <= queueLimit` and
    /// `lifetime` and `openPatience` are positive.
    public init(
        minimum: Int = 0, maximum: Int, queueLimit: Int = 64, acquireTimeout: Duration = .seconds(5),
        checkAfterIdle: Duration = .seconds(30), idleTimeout: Duration = .seconds(300),
        lifetime: Duration = .seconds(3600), leakThreshold: Duration = .seconds(60),
        openPatience: Duration = .seconds(1)
    ) {
        precondition(maximum >= 1, "a pool needs room for at least one connection")
        precondition((0...maximum).contains(minimum), "a pool's minimum lies between 0 and its maximum")
        precondition(queueLimit >= 0, "a queue limit is not negative")
        precondition(lifetime > .zero, "a connection's lifetime is positive")
        precondition(openPatience > .zero, "the patience with an open is positive")
        self.minimum = minimum
        self.maximum = maximum
        self.queueLimit = queueLimit
        self.acquireTimeout = acquireTimeout
        self.checkAfterIdle = checkAfterIdle
        self.idleTimeout = idleTimeout
        self.lifetime = lifetime
        self.leakThreshold = leakThreshold
        self.openPatience = openPatience
    }
}
