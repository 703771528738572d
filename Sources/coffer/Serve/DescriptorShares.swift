import Metrics

/// How the process's file descriptors are shared out between databases and clients.
struct DescriptorShares: Equatable {
    /// What the server holds for itself beside databases and clients: the catalog, the lock, the loops of Swift's own
    /// runtime, signals and timers, and a census that is being taken.
    static let own = 20

    /// For databases.
    let databases: Int
    /// For client connections.
    let connections: Int

    /// - Parameters:
    ///   - limit: the process's limit.
    ///   - open: what is open already when the server starts.
    ///   - threads: those that open databases. Each may have one descriptor more for a moment, of a directory that
    ///     SQLite brings to the disk with a new log, or of a copy of which a part is brought there.
    ///   - eventThreads: each has an epoll and an event that wakes it.
    ///   - databases: what the settings say; `nil` for 75 % of what is left.
    ///   - connections: as many as the settings allow; fewer if the limit has no room for them.
    /// - Throws: ``DescriptorShareError`` if there is no room for both.
    init(limit: Int, open: Int, threads: Int, eventThreads: Int, databases wanted: Int?, connections maximum: Int)
        throws
    {
        let overhead = open + Self.own + threads + 2 * eventThreads
        let left = max(0, limit - overhead)
        databases = wanted ?? left * 3 / 4
        connections = min(maximum, left - databases)
        guard databases >= Self.fewestForDatabases, connections >= 1 else {
            throw DescriptorShareError(limit: limit, overhead: overhead, databases: databases)
        }
    }

    /// One engine with its writer and its readers.
    static let fewestForDatabases = 8
}

/// The process's limit does not suffice for databases and clients.
struct DescriptorShareError: Error, CustomStringConvertible {
    let limit: Int
    let overhead: Int
    let databases: Int

    var description: String {
        "the limit of \(limit) file descriptors is too small: \(overhead) are for the server itself and \(databases) for "
            + "databases, of which \(DescriptorShares.fewestForDatabases) are the least, and clients need one; "
            + "raise `ulimit -n` or lower COFFER_DESCRIPTOR_BUDGET"
    }
}
