import Timekeeping

/// Who has failed to log in how often lately. A value without a clock: time is handed in.
///
/// Only failures count. A stranger cannot lock a user out, because a user name alone is never counted: it is the name
/// together with the network the attempt came from, and that network alone with a larger limit.
public struct LoginThrottle: Sendable {
    /// So many failures in so much time.
    public struct Limit: Equatable, Sendable {
        /// The failures after which attempts are refused; at least 1.
        public let failures: Int
        /// How long a failure counts.
        public let window: Duration

        /// Takes a limit.
        public init(failures: Int, window: Duration) {
            self.failures = failures
            self.window = window
        }
    }

    /// The two limits and the memory that they may take.
    public struct Limits: Equatable, Sendable {
        /// For one user name from one network.
        public let byUserAndNetwork: Limit
        /// For all user names from one network.
        public let byNetwork: Limit
        /// The number of entries that are remembered of each kind; at least 1.
        public let maximumEntries: Int

        /// Takes the limits.
        public init(
            byUserAndNetwork: Limit = Limit(failures: 10, window: .seconds(15 * 60)),
            byNetwork: Limit = Limit(failures: 100, window: .seconds(15 * 60)),
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

    private var pairs: FailureLog<Attempt>
    private var networks: FailureLog<ClientNetwork>

    /// Makes a throttle that knows of no failure.
    public init(limits: Limits) {
        pairs = FailureLog(limit: limits.byUserAndNetwork, maximumEntries: limits.maximumEntries)
        networks = FailureLog(limit: limits.byNetwork, maximumEntries: limits.maximumEntries)
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

/// The latest failures per key, never more per key than the limit needs, never more keys than the maximum.
private struct FailureLog<Key: Hashable & Sendable>: Sendable {
    private let limit: LoginThrottle.Limit
    private let maximumEntries: Int
    private var failures: [Key: [MonotonicInstant]] = [:]

    init(limit: LoginThrottle.Limit, maximumEntries: Int) {
        self.limit = limit
        self.maximumEntries = maximumEntries
    }

    var count: Int { failures.count }

    func waitingTime(for key: Key, at now: MonotonicInstant) -> Duration? {
        guard let times = failures[key], times.count >= limit.failures else { return nil }
        // Once this one no longer counts, one more attempt fits.
        let remaining = now.duration(to: times[times.count - limit.failures].advanced(by: limit.window))
        return remaining > .zero ? remaining : nil
    }

    mutating func append(_ key: Key, at now: MonotonicInstant) {
        if failures[key] == nil { makeRoom(at: now) }
        failures[key, default: []].append(now)
        if failures[key]!.count > limit.failures { failures[key]!.removeFirst() }
    }

    mutating func remove(_ key: Key) {
        failures[key] = nil
    }

    private mutating func makeRoom(at now: MonotonicInstant) {
        guard failures.count >= maximumEntries else { return }
        failures = failures.filter { $0.value.last!.advanced(by: limit.window) > now }
        guard failures.count >= maximumEntries else { return }
        // Whoever fails most recently is the one worth remembering.
        let stalest = failures.min { $0.value.last! < $1.value.last! }
        failures[stalest!.key] = nil
    }
}
