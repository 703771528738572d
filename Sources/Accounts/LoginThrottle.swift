import Timekeeping

/// Who has failed to log in how often lately. A value without a clock: time is handed in.
///
/// Only failures count. A stranger cannot lock a user out, because a user name alone is never counted: it is the name
/// together with the network the attempt came from, and that network alone with a larger limit.
public struct LoginThrottle: Sendable {
    /// The two limits and the memory that they may take.
    public struct Limits: Equatable, Sendable {
        /// For one user name from one network.
        public let byUserAndNetwork: RateLimit
        /// For all user names from one network.
        public let byNetwork: RateLimit
        /// The number of entries that are remembered of each kind; at least 1.
        public let maximumEntries: Int

        /// Takes the limits.
        public init(
            byUserAndNetwork: RateLimit = RateLimit(count: 10, window: .seconds(15 * 60)),
            byNetwork: RateLimit = RateLimit(count: 100, window: .seconds(15 * 60)),
            maximumEntries: Int = 10_000
        ) {
            self.byUserAndNetwork = byUserAndNetwork
            self.byNetwork = byNetwork
            self.maximumEntries = maximumEntries
        }
    }

    /// One attempt: who is meant, and where it came from.
    struct Attempt: Hashable, Sendable {
        let name: String
        let network: ClientNetwork
    }

    private var pairs: RecentEvents<Attempt>
    private var networks: RecentEvents<ClientNetwork>

    /// Makes a throttle that knows of no failure.
    public init(limits: Limits) {
        pairs = RecentEvents(limit: limits.byUserAndNetwork, maximumEntries: limits.maximumEntries)
        networks = RecentEvents(limit: limits.byNetwork, maximumEntries: limits.maximumEntries)
    }

    /// How long the attempt has to wait; `nil` if it may be made now.
    func waitingTime(for attempt: Attempt, at now: MonotonicInstant) -> Duration? {
        switch (pairs.waitingTime(for: attempt, at: now), networks.waitingTime(for: attempt.network, at: now)) {
        case (let pair?, let network?): max(pair, network)
        case (let pair, let network): pair ?? network
        }
    }

    mutating func recordFailure(of attempt: Attempt, at now: MonotonicInstant) {
        pairs.append(attempt, at: now)
        networks.append(attempt.network, at: now)
    }

    /// Forgets the pair's failures. Those of the network stay: one right password does not excuse guessing others.
    mutating func recordSuccess(of attempt: Attempt) {
        pairs.remove(attempt)
    }

    /// The entries remembered now.
    var entryCount: Int { pairs.count + networks.count }
}
