import Accounts
import Backups
import CofferAPI
import HTTPServer
import Logging
import Research
import SQLCipher
import Secrets
import UserEngines
import Workers

/// Every setting of the server, as typed values.
struct Settings: Sendable {
    var server = ServerConfiguration()
    var engines = EngineConfiguration()
    var accounts: AccountSettings
    var reaper = ReaperConfiguration()
    var research = ResearchSettings()
    var backups = BackupConfiguration()
    var limits = APILimits()
    var access = AccessConfiguration()
    var dataDirectory: String
    var publicDirectory: String
    var workers: Int
    /// `nil` for a share of the limit that the process is started with.
    var descriptorBudget: Int?
    var shutdownTimeout: Duration
    var logLevel: Logger.Level
    var logFormat: LogFormat

    /// Reads every setting; the first bad one is thrown as a ``SettingError``.
    init(_ sources: SettingSources) throws {
        dataDirectory = try sources.value(.dataDirectory)
        publicDirectory = try sources.value(.publicDirectory)
        workers = try sources.value(.workers) ?? 4 * ProcessorCount.online
        descriptorBudget = try sources.value(.descriptorBudget)
        shutdownTimeout = try sources.value(.shutdownTimeout)
        logLevel = try sources.value(.logLevel)
        logFormat = try sources.value(.logFormat)
        accounts = try Self.accounts(sources)
        try readServer(sources)
        try readEngines(sources)
        try readReaper(sources)
        try readResearch(sources)
        try readBackups(sources)
        try readAccess(sources)
    }

    private mutating func readServer(_ sources: SettingSources) throws {
        server.host = try sources.value(.host)
        server.port = try sources.value(.port)
        server.eventThreads = try sources.value(.eventThreads) ?? min(ProcessorCount.online, 64)
        server.maximumConnections = try sources.value(.maxConnections)
        server.maximumConnectionsPerAddress = try sources.value(.maxConnectionsPerAddress)
        server.headerTimeout = try sources.value(.headerTimeout)
        server.idleTimeout = try sources.value(.idleTimeout)
        server.minimumBodyRate = try sources.value(.minBodyRate)
        limits.bodyBytes = try sources.value(.maxBodyBytes)
        server.maximumBodyBytes = Int64(limits.bodyBytes)
        limits.responseRows = try sources.value(.maxResponseRows)
        limits.responseBytes = try sources.value(.maxResponseBytes)
    }

    private mutating func readEngines(_ sources: SettingSources) throws {
        engines.readers = try sources.value(.readersPerUser)
        engines.acquireTimeout = try sources.value(.acquireTimeout)
        engines.acquireQueue = try sources.value(.acquireQueue)
        engines.connectionIdleTimeout = try sources.value(.connectionIdleTimeout)
        engines.connectionLifetime = try sources.value(.connectionLifetime)
        engines.leakThreshold = try sources.value(.leakThreshold)
        engines.synchronous = try sources.value(.synchronous)
        engines.maximumValueBytes = try sources.value(.maxValueBytes)
        engines.maximumDatabaseBytes = try sources.value(.maxDatabaseBytes)
        limits.databaseBytes = engines.maximumDatabaseBytes
        engines.maximumLogBytes = try sources.value(.maxWalBytes)
        limits.statementTimeout = try sources.value(.statementTimeout)
    }

    private mutating func readReaper(_ sources: SettingSources) throws {
        reaper.interval = try sources.value(.reaperInterval)
        reaper.jitter = try sources.value(.reaperJitter)
        reaper.releaseInterval = try sources.value(.releaseInterval)
        reaper.engineIdleTimeout = try sources.value(.engineIdleTimeout)
    }

    private mutating func readResearch(_ sources: SettingSources) throws {
        research.lease = try sources.value(.researchLease)
        research.limits.perUser = try sources.value(.researchPerUser)
        research.limits.total = try sources.value(.researchTotal)
        research.statementTimeout = limits.statementTimeout
    }

    private mutating func readBackups(_ sources: SettingSources) throws {
        backups.keep = try sources.value(.backupKeep)
        backups.maximumAge = try sources.value(.backupMaxAge)
        backups.interval = try sources.value(.backupInterval)
        backups.userDiskBytes = Int64(try sources.value(.userDiskBytes))
    }

    private static func accounts(_ sources: SettingSources) throws -> AccountSettings {
        AccountSettings(
            isRegistrationOpen: try sources.value(.registration) == .open,
            passwordParameters: try PasswordHash.Parameters(
                operations: try sources.value(.passwordOperations), memoryBytes: try sources.value(.passwordMemory)),
            passwordHashesAtOnce: ProcessorCount.online,
            sessionIdleTimeout: try sources.value(.sessionIdleTimeout),
            sessionLifetime: try sources.value(.sessionLifetime),
            sessionRemember: try sources.value(.sessionRemember),
            throttle: try sources.value(.loginFailures),
            registrationsPerNetwork: try sources.value(.registrationsPerAddress))
    }

    private mutating func readAccess(_ sources: SettingSources) throws {
        access.adminToken = try AdminToken.read(
            text: try sources.value(.adminToken), file: try sources.value(.adminTokenFile))
        access.metrics =
            try sources.value(.metrics) ?? (LoopbackHost.contains(server.host) ? .open : .token)
    }
}
