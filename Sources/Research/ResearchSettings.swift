import Accounts

/// The rules of researches.
public struct ResearchSettings: Sendable {
    /// How long a lease is good without a heartbeat, unless the client asks for another time.
    public var lease: Duration = .seconds(120)
    /// How many may run at once.
    public var limits = ResearchLimits()
    /// How long the statements of one call may run.
    public var statementTimeout: Duration = .seconds(30)

    /// Makes the default rules.
    public init() {}

    /// The longest lease that a client may ask for.
    public var longestLease: Duration { max(lease, .seconds(3600)) }
}
