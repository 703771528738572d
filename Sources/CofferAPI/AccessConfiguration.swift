import Secrets

/// Who may read `/metrics`.
public enum MetricsAccess: String, Sendable {
    /// Everybody.
    case open
    /// Whoever has the admin token; 404 without one configured.
    case token
    /// Nobody.
    case off
}

/// What an operator may see that others may not.
public struct AccessConfiguration: Sendable {
    /// Opens metrics and health details; without one nobody is an operator.
    public var adminToken: AdminToken?
    /// Who may read the metrics.
    public var metrics: MetricsAccess = .open

    /// Makes a configuration without operators.
    public init() {}
}

/// The operator's token, compared in constant time.
public struct AdminToken: Sendable, Redacted {
    private let bytes: GuardedBytes

    /// Keeps a copy of the token in guarded memory.
    public init(_ token: [UInt8]) throws {
        bytes = try GuardedBytes(copying: token)
    }

    func matches(_ candidate: UnsafeRawBufferPointer) -> Bool {
        bytes.withUnsafeBytes { constantTimeEqual($0, candidate) }
    }
}
