import ConnectionPool

/// What a connection of an engine is for; the `pool_role` label of the metrics.
public enum PoolRole: String, Sendable, CaseIterable {
    /// Runs statements that only read.
    case reader
    /// Runs all the others; there is one.
    case writer
    /// Runs the server's own SQL on the user's service database; there is at most one.
    case service
}

/// How many engines there are and what their pools hold; each kind of pool is of a moment of its own.
public struct RegistryCensus: Sendable {
    /// Engines that are being opened.
    public let opening: Int
    /// Engines that serve requests.
    public let open: Int
    /// Engines that are being closed, or whose close failed and is retried.
    public let closing: Int
    /// The gauges of the reader pools, added up.
    public let readers: PoolGauges
    /// The gauges of the writer pools, added up.
    public let writers: PoolGauges
    /// The gauges of the service pools, added up.
    public let services: PoolGauges

    /// The gauges of all pools, added up.
    public var total: PoolGauges {
        var total = readers
        total += writers
        total += services
        return total
    }

    /// What the pools of one role hold.
    subscript(role: PoolRole) -> PoolGauges {
        switch role {
        case .reader: readers
        case .writer: writers
        case .service: services
        }
    }
}
