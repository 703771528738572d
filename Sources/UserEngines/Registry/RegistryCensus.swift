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
    /// The gauges of the reader pools, added up.
    public internal(set) var readers = PoolGauges()
    /// The gauges of the writer pools, added up.
    public internal(set) var writers = PoolGauges()

    init(opening: Int, open: Int, closing: Int) {
        self.opening = opening
        self.open = open
        self.closing = closing
    }

    /// The gauges of all pools, added up.
    public var total: PoolGauges {
        var total = readers
        total += writers
        return total
    }

    mutating func add(_ gauges: PoolGauges, to role: PoolRole) {
        switch role {
        case .reader: readers += gauges
        case .writer: writers += gauges
        }
    }
}
