import Logging
import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// The users of a server, what proves that they are, and their sessions.
///
/// Registration makes two random keys: the user key, which every secret of the user seals, and the data key, which the
/// user key seals and which encrypts the user's files. What is on disk opens nothing without a password, a token or a
/// recovery code.
public final class Accounts: Sendable {
    /// The rules that were given.
    public let settings: AccountSettings

    let catalog: Catalog
    let sessions = SessionTable()
    let leases = ResearchLeaseTable()
    let hasher: PasswordHasher
    let throttle: Mutex<LoginThrottle>
    let registrations: Mutex<RecentEvents<ClientNetwork>?>
    let activity: Activity
    let time: any TimeSource
    let logger: Logger
    let observer: (any AccountsObserver)?
    /// What the password of a user who does not exist is checked against, in the same time and never with success.
    let nobody: Credentials

    private init(
        catalogPath: String, settings: AccountSettings, activity: Activity, time: any TimeSource, logger: Logger,
        observer: (any AccountsObserver)?
    ) throws {
        self.settings = settings
        self.activity = activity
        self.time = time
        self.logger = logger
        self.observer = observer
        throttle = Mutex(LoginThrottle(limits: settings.throttle))
        registrations = Mutex(
            settings.registrationsPerNetwork.map {
                RecentEvents(limit: $0, maximumEntries: settings.throttle.maximumEntries)
            })
        nobody = Credentials(
            hash: PasswordHash(parameters: settings.passwordParameters),
            seal: try Seal(
                .random(count: KeySize.userKey), under: .random(count: KeySize.userKey),
                context: .userKeyByPassword(of: UserID())),
            version: 0)
        catalog = Catalog(path: catalogPath, logger: logger)
        hasher = PasswordHasher(
            hashesAtOnce: settings.passwordHashesAtOnce, queueLimit: settings.passwordQueueLimit, time: time,
            observer: observer)
    }

    /// Opens the catalog, makes it if there is none, and loads the sessions and research leases that have not expired.
    ///
    /// - Parameters:
    ///   - catalogPath: the file `catalog.db`; its folder exists.
    ///   - activity: where users with a live session or research are counted. Researches count at once: their workers
    ///     may be silent until their next heartbeat.
    /// - Throws: ``CatalogError`` for a catalog from a newer version and for a file that cannot be used.
    public static func open(
        catalogPath: String, settings: AccountSettings, activity: Activity, time: any TimeSource,
        logger: Logger = Logger(label: "coffer.accounts"), observer: (any AccountsObserver)? = nil
    ) async throws -> Accounts {
        try SodiumLibrary.initialize()
        let accounts = try Accounts(
            catalogPath: catalogPath, settings: settings, activity: activity, time: time, logger: logger,
            observer: observer)
        do {
            try await accounts.catalog.open()
            try await accounts.loadSessions()
            try await accounts.loadLeases()
            return accounts
        } catch {
            try? await accounts.catalog.close()
            accounts.endThreads()
            throw error
        }
    }

    /// Writes what is still to be written, closes the catalog and ends the threads. Called once, when every other call
    /// has returned; none may follow.
    public func close() async throws {
        defer { endThreads() }
        do {
            try await flushLastSeen()
        } catch {
            logger.error("the sessions' last use could not be written", metadata: ["error": "\(error)"])
        }
        try await catalog.close()
    }

    private func endThreads() {
        hasher.shutdown()
        catalog.shutdown()
    }

    private func loadSessions() async throws {
        let now = time.unixTime
        try await catalog.transaction { catalog in
            try catalog.deleteSessions(expiredAt: now)
            return try catalog.sessions()
        } afterwards: { [sessions] loaded in
            for session in loaded { sessions.insert(session) }
        }
    }

    private func loadLeases() async throws {
        let now = time.unixTime
        try await catalog.transaction { catalog in
            try catalog.deleteResearchLeases(expiredAt: now)
            return try catalog.researchLeases()
        } afterwards: { [leases, activity, time] loaded in
            for record in loaded { leases.insert(ResearchLease(record, activity: activity, time: time)) }
        }
        // The log that a crash has left may hold the seals of those that were removed.
        await eraseTraces()
    }
}
