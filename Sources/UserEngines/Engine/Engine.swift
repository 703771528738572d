import ConnectionPool
import Logging
import SQLCipher
import Secrets
import Synchronization
import Timekeeping
import Workers

/// One user's open database: one writer connection, up to `readers` readers, and the data key while it is open. Beside
/// it the user's service database, with one connection while it is needed.
///
/// Every connection is opened for reading and writing, and the writer is closed last: SQLite removes the log beside
/// the file only when the last connection to close may write.
public final class Engine: Sendable {
    typealias Pool = ConnectionPool<UserConnectionDriver>

    /// Whose database it is.
    public let user: UserID

    // With the user and the readers, what each quick statement touches.
    let readers: Pool
    let quickBrake = QuickBrake()
    let metrics: EngineMetrics
    let writer: Pool
    let service: Pool
    let database: EngineFile
    let serviceDatabase: EngineFile
    let key: GuardedBytes
    let configuration: EngineConfiguration
    let logger: Logger
    private let copies = Atomic(0)
    private let pools: EnginePools

    private init(
        user: UserID, database: EngineFile, service serviceDatabase: EngineFile, key: GuardedBytes,
        configuration: EngineConfiguration, metrics: EngineMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) {
        self.user = user
        self.key = key
        self.configuration = configuration
        self.metrics = metrics
        self.logger = logger
        self.database = database
        self.serviceDatabase = serviceDatabase
        let pools = EnginePools()
        self.pools = pools
        func pool(_ role: PoolRole, of file: EngineFile, maximum: Int) -> Pool {
            Pool(
                configuration: configuration.pool(maximum: maximum),
                driver: UserConnectionDriver(
                    configuration: configuration.connection(
                        path: file.path, role: role, logger: logger, committed: file.log.committed(at:)),
                    key: key, role: role, file: file, makeWay: { pools.closeIdle(except: role) }),
                time: time, executor: workers, logger: logger, observer: metrics, totals: metrics.pools(role))
        }
        readers = pool(.reader, of: database, maximum: configuration.readers)
        writer = pool(.writer, of: database, maximum: 1)
        service = pool(.service, of: serviceDatabase, maximum: 1)
        pools.set([.reader: readers, .writer: writer, .service: service])
    }

    deinit {
        pools.clear()
    }

    /// Opens a user's database: its writer connection is open, and so the key is right, when this returns.
    ///
    /// - Throws: what SQLite says, in a `PoolError`; nothing is left open then.
    static func open(
        user: UserID, database: EngineFile, service: EngineFile, key: GuardedBytes,
        configuration: EngineConfiguration, metrics: EngineMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) async throws -> Engine {
        let engine = Engine(
            user: user, database: database, service: service, key: key, configuration: configuration,
            metrics: metrics, time: time, workers: workers, logger: logger)
        do {
            try await engine.writer.withConnection { _ in
                for file in engine.files { file.log.found(bytes: DataDirectory.size(ofFile: file.path + "-wal")) }
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
        let servicesLeft = await service.close(deadline: configuration.drainTimeout)
        let writersLeft = await writer.close(deadline: configuration.drainTimeout)
        key.wipe()
        for file in files { try file.unclosed.closeAgain(file.descriptors) }
        let left = readersLeft.total + servicesLeft.total + writersLeft.total
        if left > 0 { throw EngineCloseError(connections: left) }
    }

    /// Closes what has been idle or open for too long, and reports leases that are out for too long.
    func maintain() {
        for role in PoolRole.allCases { pool(role).maintain() }
    }

    /// Moves the log into the file and closes the idle connections, to give their descriptors back.
    ///
    /// A writer that is busy is left to work, and one that is closed has nothing to move: a later pass, or the close of
    /// the file's last connection, does it then.
    func releaseIdleConnections() async throws {
        defer {
            for role in PoolRole.allCases { pool(role).closeIdle() }
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

    private var files: [EngineFile] { [database, serviceDatabase] }

    /// Whether a copy of one of the databases is being made.
    var isCopying: Bool { copies.load(ordering: .relaxed) > 0 }

    func beginCopying() {
        copies.add(1, ordering: .relaxed)
    }

    func endCopying() {
        copies.subtract(1, ordering: .relaxed)
    }

    /// How long the log of the user's database is.
    var log: EngineLog { database.log }

    /// Whether closing the engine gives descriptors back.
    var holdsDescriptors: Bool { files.contains { $0.descriptors.isHolding } }

    /// Whether this is the key that the database is open with. Throws ``EngineError/unavailable`` once that is wiped.
    public func isOpen(with key: GuardedBytes) throws(EngineError) -> Bool {
        if self.key == key { return true }
        guard self.key.count > 0 else { throw .unavailable }
        return false
    }

    /// The connections of one role.
    func pool(_ role: PoolRole) -> Pool {
        switch role {
        case .reader: readers
        case .writer: writer
        case .service: service
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
        // What runs on the service database is the server's own, and no user's policy concerns it.
        return ConnectionConfiguration(
            path: path, access: role == .reader ? .queryOnly : .readWrite, createIfMissing: role == .service,
            synchronous: synchronous, maximumDatabaseBytes: maximumDatabaseBytes, limits: limits,
            authorizer: role == .service ? nil : UserAuthorizer(),
            committed: role == .reader ? nil : committed,
            progressed: WorkerExecutor.giveWay, logger: logger)
    }
}
