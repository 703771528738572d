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
    public let opening: Int
    /// Engines that serve requests.
    public let open: Int
    /// Engines that are being closed, or whose close failed and is retried.
    public let closing: Int
    /// The figures of the reader pools, added up.
    public internal(set) var readers = PoolStatistics()
    /// The figures of the writer pools, added up.
    public internal(set) var writers = PoolStatistics()

    init(opening: Int, open: Int, closing: Int) {
        self.opening = opening
        self.open = open
        self.closing = closing
    }

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
