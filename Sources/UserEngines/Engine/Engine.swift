import ConnectionPool
import Logging
import SQLCipher
import Secrets
import Timekeeping
import Workers

/// One user's open database: one writer connection, up to `readers` readers, and the data key while it is open.
///
/// Every connection is opened for reading and writing, and the writer is closed last: SQLite removes the log beside
/// the file only when the last connection to close may write.
public final class Engine: Sendable {
    typealias Pool = ConnectionPool<UserConnectionDriver>

    /// Whose database it is.
    public let user: UserID

    let readers: Pool
    let writer: Pool
    private let unclosed: UnclosedConnections
    private let descriptors: EngineDescriptors
    private let key: GuardedBytes
    let configuration: EngineConfiguration
    let metrics: EngineMetrics
    let logger: Logger
    let log: EngineLog

    private init(
        user: UserID, path: String, key: GuardedBytes, configuration: EngineConfiguration,
        descriptors: EngineDescriptors, metrics: EngineMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) {
        self.user = user
        self.key = key
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        let log = EngineLog()
        self.log = log
        let unclosed = UnclosedConnections()
        self.unclosed = unclosed
        self.descriptors = descriptors
        func pool(_ role: PoolRole, maximum: Int, makeWay: @escaping @Sendable () -> Void) -> Pool {
            Pool(
                configuration: configuration.pool(maximum: maximum),
                driver: UserConnectionDriver(
                    configuration: configuration.connection(
                        path: path, role: role, logger: logger, committed: log.committed(at:)),
                    key: key, role: role, descriptors: descriptors, log: log, unclosed: unclosed, makeWay: makeWay),
                time: time, executor: workers, logger: logger, observer: metrics)
        }
        let readers = pool(.reader, maximum: configuration.readers, makeWay: {})
        self.readers = readers
        writer = pool(.writer, maximum: 1, makeWay: { readers.closeIdle() })
    }

    /// Opens a user's database: its writer connection is open, and so the key is right, when this returns.
    ///
    /// - Throws: what SQLite says, in a `PoolError`; nothing is left open then.
    static func open(
        user: UserID, path: String, key: GuardedBytes, configuration: EngineConfiguration,
        descriptors: EngineDescriptors, metrics: EngineMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) async throws -> Engine {
        let engine = Engine(
            user: user, path: path, key: key, configuration: configuration, descriptors: descriptors,
            metrics: metrics, time: time, workers: workers, logger: logger)
        do {
            try await engine.writer.withConnection { _ in
                engine.log.found(bytes: DataDirectory.size(ofFile: path + "-wal"))
            }
            return engine
        } catch {
            try? await engine.close()
            throw error
        }
    }

    /// Closes every connection, the writer last, and wipes the key. Leased connections get the drain time-out.
    ///
    /// - Throws: ``EngineCloseError`` or what SQLite says if a connection is still open; closing again tries again.
    func close() async throws {
        let readersLeft = await readers.close(deadline: configuration.drainTimeout)
        let writersLeft = await writer.close(deadline: configuration.drainTimeout)
        key.wipe()
        try unclosed.closeAgain(descriptors)
        let left = readersLeft.total + writersLeft.total
        if left > 0 { throw EngineCloseError(connections: left) }
    }

    /// Closes what has been idle or open for too long, and reports leases that are out for too long.
    func maintain() {
        readers.maintain()
        writer.maintain()
    }

    /// Moves the log into the file and closes the idle connections, to give their descriptors back.
    ///
    /// A writer that is busy is left to work, and one that is closed has nothing to move: a later pass, or the close of the
    /// file's last connection, does it then.
    func releaseIdleConnections() async throws {
        defer {
            readers.closeIdle()
            writer.closeIdle()
        }
        guard writer.gauges.occupancy.idle > 0 else { return }
        try await writer.withConnection(timeout: .seconds(1)) { connection in
            _ = try connection.checkpoint(.passive)
            if readers.gauges.occupancy.leased == 0 {
                _ = try connection.checkpoint(.truncate)
                log.emptied()
            }
        }
    }

    /// Whether closing the engine gives descriptors back.
    var holdsDescriptors: Bool { descriptors.isHolding }

    /// What one role's pool holds.
    func gauges(of role: PoolRole) -> PoolGauges {
        switch role {
        case .reader: readers.gauges
        case .writer: writer.gauges
        }
    }
}

/// Connections of an engine did not close.
struct EngineCloseError: Error {
    let connections: Int
}

extension EngineConfiguration {
    fileprivate func pool(maximum: Int) -> PoolConfiguration {
        PoolConfiguration(
            maximum: maximum, queueLimit: acquireQueue, acquireTimeout: acquireTimeout,
            idleTimeout: connectionIdleTimeout, lifetime: connectionLifetime, leakThreshold: leakThreshold)
    }

    func connection(
        path: String, role: PoolRole, logger: Logger, committed: (@Sendable (_ logBytes: Int64) -> Void)? = nil
    ) -> ConnectionConfiguration {
        var limits = StatementLimits()
        limits.valueBytes = maximumValueBytes
        return ConnectionConfiguration(
            path: path, access: role == .writer ? .readWrite : .queryOnly, synchronous: synchronous,
            maximumDatabaseBytes: maximumDatabaseBytes, limits: limits, authorizer: UserAuthorizer(),
            committed: role == .writer ? committed : nil, logger: logger)
    }
}
