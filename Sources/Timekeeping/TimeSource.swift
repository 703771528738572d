/// A point on the monotonic clock, in nanoseconds since an arbitrary origin. Never stored: it means nothing after a
/// restart.
public struct MonotonicInstant: InstantProtocol, Sendable {
    /// Nanoseconds since the clock's origin.
    public let nanoseconds: Int64

    /// Makes an instant from nanoseconds since the clock's origin.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant that lies `duration` later; saturates at the ends of the range instead of trapping.
    public func advanced(by duration: Duration) -> MonotonicInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.wholeNanoseconds)
        guard overflow else { return MonotonicInstant(nanoseconds: sum) }
        return MonotonicInstant(nanoseconds: duration < .zero ? .min : .max)
    }

    /// The time from this instant to `other`.
    public func duration(to other: MonotonicInstant) -> Duration {
        .nanoseconds(other.nanoseconds.subtractingReportingOverflow(nanoseconds).partialValue)
    }

    /// Whether this instant lies before the other.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

/// Milliseconds since 1970-01-01T00:00:00Z: the form of time that is stored and shown.
public struct UnixTime: Comparable, Hashable, Sendable {
    /// Milliseconds since the Unix epoch.
    public let milliseconds: Int64

    /// Makes a time from milliseconds since the Unix epoch.
    public init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    /// The time that lies `duration` later.
    public func advanced(by duration: Duration) -> UnixTime {
        UnixTime(milliseconds: milliseconds + duration.wholeNanoseconds / 1_000_000)
    }

    /// The time from this one to `other`, negative if that is earlier.
    public func duration(to other: UnixTime) -> Duration {
        .milliseconds(other.milliseconds - milliseconds)
    }

    /// Whether this time lies before the other.
    public static func < (left: UnixTime, right: UnixTime) -> Bool {
        left.milliseconds < right.milliseconds
    }
}

/// Where time comes from: the system in the product, the test's own hand in tests.
public protocol TimeSource: Sendable {
    /// The monotonic clock, which deadlines inside one process are measured on.
    var now: MonotonicInstant { get }

    /// The wall clock, for what outlives the process.
    var unixTime: UnixTime { get }

    /// Waits until the monotonic clock has reached `deadline`; throws `CancellationError` when the task is cancelled.
    func sleep(until deadline: MonotonicInstant) async throws
}

extension TimeSource {
    /// Waits for `duration` on the monotonic clock.
    public func sleep(for duration: Duration) async throws {
        try await sleep(until: now.advanced(by: duration))
    }
}

extension Duration {
    /// The duration in nanoseconds, cut towards zero, saturating at the range of `Int64` (292 years).
    public var wholeNanoseconds: Int64 {
        // In two steps: up to 78 minutes fit a machine word when they are counted in parts of 512 attoseconds, and its
        // division is several times as quick.
        let parts = attoseconds / 512
        if let parts = Int64(exactly: parts) { return parts / 1_953_125 }
        return Int64(clamping: parts / 1_953_125)
    }

    /// The duration in seconds, as Prometheus wants it.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
