import Timekeeping

/// So many events in so much time.
public struct RateLimit: Equatable, Sendable {
    /// The events after which further ones are refused; at least 1.
    public let count: Int
    /// How long an event counts.
    public let window: Duration

    /// Takes a limit.
    public init(count: Int, window: Duration) {
        self.count = count
        self.window = window
    }
}

/// The latest events per key, never more per key than the limit needs, never more keys than the maximum. A value
/// without a clock: time is handed in.
struct RecentEvents<Key: Hashable & Sendable>: Sendable {
    private let limit: RateLimit
    private let maximumEntries: Int
    private var events: [Key: [MonotonicInstant]] = [:]

    init(limit: RateLimit, maximumEntries: Int) {
        self.limit = limit
        self.maximumEntries = maximumEntries
    }

    var count: Int { events.count }

    /// How long the next event of a key has to wait; `nil` if it may be now.
    func waitingTime(for key: Key, at now: MonotonicInstant) -> Duration? {
        guard let times = events[key], times.count >= limit.count else { return nil }
        // Once this one no longer counts, one more attempt fits.
        let remaining = now.duration(to: times[times.count - limit.count].advanced(by: limit.window))
        return remaining > .zero ? remaining : nil
    }

    mutating func append(_ key: Key, at now: MonotonicInstant) {
        if events[key] == nil { makeRoom(at: now) }
        events[key, default: []].append(now)
        if events[key]!.count > limit.count { events[key]!.removeFirst() }
    }

    mutating func remove(_ key: Key) {
        events[key] = nil
    }

    private mutating func makeRoom(at now: MonotonicInstant) {
        guard events.count >= maximumEntries else { return }
        events = events.filter { $0.value.last!.advanced(by: limit.window) > now }
        guard events.count >= maximumEntries else { return }
        // Whoever came most recently is the one worth remembering.
        let stalest = events.min { $0.value.last! < $1.value.last! }
        events[stalest!.key] = nil
    }
}
