/// Why a connection was closed: a short word in snake case, fit for a metric's label.
public struct EvictionReason: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The word.
    public let rawValue: String

    /// Makes a reason from its word; drivers add their own.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The word.
    public var description: String { rawValue }

    /// Its lifetime was over.
    public static let lifetime = EvictionReason(rawValue: "lifetime")
    /// Nobody had used it for the idle timeout.
    public static let idleTimeout = EvictionReason(rawValue: "idle_timeout")
    /// The health check after a long idle time failed.
    public static let dead = EvictionReason(rawValue: "dead")
    /// It was interrupted in the middle of its work.
    public static let cancelled = EvictionReason(rawValue: "cancelled")
    /// Its reset after a use failed.
    public static let resetFailed = EvictionReason(rawValue: "reset_failed")
    /// An error of its last use says that it is broken.
    public static let broken = EvictionReason(rawValue: "broken")
    /// The pool's maximum was lowered.
    public static let resized = EvictionReason(rawValue: "resized")
    /// Idle connections were closed to give their descriptors back.
    public static let released = EvictionReason(rawValue: "released")
    /// The pool was closed.
    public static let poolClosed = EvictionReason(rawValue: "pool_closed")
}
