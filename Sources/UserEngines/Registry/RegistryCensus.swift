import ConnectionPool

/// What a connection of an engine is for; the `pool_role` label of the metrics.
public enum PoolRole: String, Sendable, CaseIterable {
    /// Runs statements that only read.
    case reader
    /// Runs all the others; there is one.
    case writer
}

/// How many engines there are and what their pools hold, at one moment.
public struct RegistryCensus: Sendable {
    /// Engines that are being opened.
    public internal(set) var opening = 0
    /// Engines that serve requests.
    public internal(set) var open = 0
    /// Engines that are being closed, or whose close failed and is retried.
    public internal(set) var closing = 0
    /// The figures of the reader pools, added up.
    public internal(set) var readers = PoolStatistics()
    /// The figures of the writer pools, added up.
    public internal(set) var writers = PoolStatistics()

    /// The figures of all pools, added up.
    public var total: PoolStatistics {
        var total = readers
        total += writers
        return total
    }

    mutating func add(_ statistics: PoolStatistics, to role: PoolRole) {
        switch role {
        case .reader: readers += statistics
        case .writer: writers += statistics
        }
    }
}
