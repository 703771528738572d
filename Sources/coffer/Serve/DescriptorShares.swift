import Metrics

/// How the process's file descriptors are shared out between databases and clients.
struct DescriptorShares: Equatable {
    /// What the catalog, the event loops, the log and a passing file take beside databases and clients.
    static let overhead = 24

    /// For databases.
    let databases: Int
    /// For client connections.
    let connections: Int

    /// - Parameters:
    ///   - limit: the process's limit.
    ///   - databases: what the settings say; `nil` for 75 % of the limit.
    ///   - connections: as many as the settings allow; fewer if the limit has no room for them.
    /// - Throws: ``DescriptorShareError`` if there is no room for both.
    init(limit: Int, databases wanted: Int?, connections maximum: Int) throws {
        databases = wanted ?? limit * 3 / 4
        connections = min(maximum, limit - databases - Self.overhead)
        guard connections >= 1 else { throw DescriptorShareError(limit: limit, databases: databases) }
    }
}

/// The process's limit leaves no descriptor for clients.
struct DescriptorShareError: Error, CustomStringConvertible {
    let limit: Int
    let databases: Int

    var description: String {
        "the limit of \(limit) file descriptors is too small: \(databases) are for databases and "
            + "\(DescriptorShares.overhead) for the server itself, which leaves none for clients; raise `ulimit -n` or lower "
            + "COFFER_DESCRIPTOR_BUDGET"
    }
}
