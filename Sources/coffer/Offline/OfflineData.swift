import Accounts
import Backups
import Glibc
import Logging
import Metrics
import Research
import Secrets
import Timekeeping
import UserEngines
import Workers

/// The modules of a server on its data directory without the server, for commands. The directory is locked meanwhile.
struct OfflineData: Sendable {
    /// What one command may have open of databases.
    private static let descriptors = 32

    let files: DataDirectory
    let accounts: Accounts
    let engines: EngineRegistry
    let backups: Backups

    /// Runs `body` and closes everything again.
    ///
    /// - Parameter advice: what to do if a server uses the directory.
    /// - Throws: ``CommandError`` for that; `DataDirectoryError` if there is no such directory, `CatalogError`; what
    ///   `body` throws.
    static func use<Result: Sendable>(
        _ settings: Settings, orWithServer advice: String, _ body: (OfflineData) async throws -> Result
    ) async throws -> Result {
        // Where no server has been nothing is written, and a missing catalog would be made anew: the users' files would
        // be nobody's.
        let catalogPath = try DataDirectory(observing: settings.dataDirectory).catalogPath
        guard StoredFile.exists(catalogPath) else {
            throw DataDirectoryError.unusable(path: catalogPath, errno: ENOENT)
        }
        let files: DataDirectory
        do {
            files = try DataDirectory(existing: settings.dataDirectory)
        } catch DataDirectoryError.inUse(let path) {
            throw CommandError("a server uses this data directory (it holds \(path)): \(advice)")
        }
        let workers = WorkerExecutor(threads: 2)
        let fileWorkers = WorkerExecutor(threads: 1)
        defer {
            workers.shutdown()
            fileWorkers.shutdown()
        }
        let data = try await OfflineData(files, settings, workers: workers, fileWorkers: fileWorkers)
        let outcome: Swift.Result<Result, any Error>
        do {
            outcome = .success(try await body(data))
        } catch {
            outcome = .failure(error)
        }
        await data.backups.shutDown()
        await data.engines.shutDown()
        try await data.accounts.close()
        return try outcome.get()
    }

    private init(
        _ files: DataDirectory, _ settings: Settings, workers: WorkerExecutor, fileWorkers: WorkerExecutor
    ) async throws {
        let time = SystemTime()
        let metrics = MetricsRegistry()
        let activity = Activity(time: time)
        let locks = UserLocks()
        self.files = files
        accounts = try await Accounts.open(
            catalogPath: files.catalogPath, settings: settings.accounts, activity: activity, time: time)
        engines = EngineRegistry(
            files: files, configuration: settings.engines, activity: activity,
            budget: DescriptorBudget(capacity: Self.descriptors, time: time), locks: locks,
            metrics: EngineMetrics(metrics), time: time, workers: workers, logger: Logger(label: "coffer.engines"))
        let researches = Researches(
            accounts: accounts, engines: engines, locks: locks, settings: settings.research, time: time,
            events: ResearchEvents(time: time))
        backups = Backups(
            accounts: accounts, engines: engines, files: files, researches: researches, locks: locks,
            configuration: settings.backups, metrics: BackupMetrics(metrics), time: time, workers: fileWorkers,
            logger: Logger(label: "coffer.backups"))
    }

    /// Logs a user in for as long as `body` runs.
    ///
    /// - Throws: `AccountError` for a wrong password and for an account that is disabled; what `body` throws.
    func withAccess<Result: Sendable>(
        to username: String, password: Password, _ body: (DataAccess) async throws -> Result
    ) async throws -> Result {
        let login = try await accounts.login(username: username, password: password, from: Client(address: "command"))
        let outcome: Swift.Result<Result, any Error>
        do {
            let session = try accounts.authenticate(login.token)
            outcome = .success(try await body(accounts.access(of: session, with: login.token)))
        } catch {
            outcome = .failure(error)
        }
        try await accounts.endSession(login.session.id, of: login.session.userID)
        return try outcome.get()
    }

    /// What is wrong with the pages of a backup of a user's, by their key.
    func problems(of backup: BackupRecord, with access: DataAccess) async throws -> [String] {
        do {
            try await backups.verify(backup.id, of: access.user, userKey: access.userKey())
            return []
        } catch BackupError.invalidDatabase(let problems) {
            return problems
        } catch BackupError.notFound {
            return ["the file is missing"]
        }
    }
}
