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
    /// The gauges of the service pools, added up.
    public internal(set) var services = PoolGauges()

    init(opening: Int, open: Int, closing: Int) {
        self.opening = opening
        self.open = open
        self.closing = closing
    }

    /// The gauges of all pools, added up.
    public var total: PoolGauges {
        var total = readers
        total += writers
        total += services
        return total
    }

    mutating func add(_ gauges: PoolGauges, to role: PoolRole) {
        switch role {
        case .reader: readers += gauges
        case .writer: writers += gauges
        case .service: services += gauges
        }
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
