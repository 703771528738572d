import Accounts
import Backups
import CofferTesting
import Metrics
import Research
import SQLCipher
import Secrets
import Synchronization
import Timekeeping
import UserEngines
import Workers

/// A user with a session, rows in their database, a service database, and one backup that is older than both.
final class BackupWorld: Sendable {
    /// The rows of the backup.
    static let backedUp = SampleDatabase.initialRows
    /// The rows of the database.
    static let present = backedUp.union([31])
    /// The row that ``proceed()`` writes.
    static let laterRow: Int64 = 1_000

    private static let workers = WorkerExecutor(threads: 2)

    let accounts: AccountWorld
    private let directory: String
    private let token: SessionToken
    private let keep: Int
    private let opened = Mutex<Backups?>(nil)

    /// Nothing is opened yet.
    init(in directory: String, token: SessionToken, keep: Int = 7) throws {
        self.directory = directory
        self.token = token
        self.keep = keep
        accounts = try AccountWorld(in: directory)
    }

    var backups: Backups {
        get throws {
            guard let backups = opened.withLock({ $0 }) else { throw Broken("the backups are closed") }
            return backups
        }
    }

    var engines: EngineRegistry { accounts.engines.registry }

    var access: DataAccess {
        get throws {
            let accounts = try accounts.accounts
            return accounts.access(of: try accounts.authenticate(token), with: token)
        }
    }

    var user: UserID { get throws { try access.user } }

    /// - Parameter isStarted: whether leftovers are removed, as a server does when it starts.
    func open(isStarted: Bool = false) async throws {
        try await accounts.open()
        let (accounts, engines) = (try self.accounts.accounts, accounts.engines)
        let researches = Researches(
            accounts: accounts, engines: engines.registry, locks: engines.locks, settings: ResearchSettings(),
            time: SystemTime(), events: ResearchEvents(time: SystemTime()))
        var configuration = BackupConfiguration()
        configuration.keep = keep
        // A turn that is not given back would stop the next operation.
        configuration.atOnce = 1
        let backups = Backups(
            accounts: accounts, engines: engines.registry, files: engines.files, researches: researches,
            locks: engines.locks, configuration: configuration, metrics: BackupMetrics(MetricsRegistry()),
            time: SystemTime(), workers: Self.workers, logger: .silent)
        opened.withLock { $0 = backups }
        if isStarted { try await backups.start() }
    }

    @discardableResult
    func run(_ sql: String, _ arguments: Arguments = .none) async throws -> [[Value]] {
        try await access.withEngine(in: engines) { engine in
            try await engine.run(sql, arguments, timeout: .seconds(10)) { statement, _ in
                var rows: [[Value]] = []
                while try statement.step() { rows.append(try statement.row()) }
                return rows
            }
        }
    }

    func insert(_ id: Int64) async throws { try await run(SampleDatabase.insertion, SampleDatabase.arguments(id)) }

    /// Has the service database say which one it is.
    func mark(_ number: Int64) async throws {
        try await access.withEngine(in: engines) { engine in
            try await engine.withService(timeout: .seconds(10)) { try $0.execute("PRAGMA application_id = \(number)") }
        }
    }

    func backUp() async throws -> BackupRecord {
        try await backups.begin(with: access, label: nil).value()
    }

    func settling(_ body: () async throws -> Void) async throws {
        try await accounts.engines.settling(body)
    }

    /// What nobody may leave behind, whatever has failed: SQLite's own cannot be told from what is half done.
    func problems() -> [String] {
        let partial = FileTree.paths(under: directory).filter { $0.contains(StoredFile.partialSuffix) }
        return accounts.engines.problems(besides: 1) + (partial.isEmpty ? [] : ["files are left: \(partial)"])
    }

    /// Writes to the database, and makes a backup that verifies.
    func proceed() async throws {
        try await insert(Self.laterRow)
        let backup = try await backUp()
        try await backups.verify(backup.id, of: user, userKey: access.userKey())
    }

    func close() async throws {
        await opened.withLock { $0 }?.shutDown()
        opened.withLock { $0 = nil }
        try await accounts.close()
    }
}
