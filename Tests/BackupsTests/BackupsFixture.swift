import Accounts
import CofferTesting
import Logging
import Metrics
import Research
import SQLCipher
import Secrets
import Testing
import Timekeeping
import UserEngines
import Workers

@testable import Backups

/// Backups over real files and accounts, on a clock that the test moves, and the proof that nothing of them stays open.
final class BackupsFixture: Sendable {
    let directory: String
    let time: ManualTime
    let files: DataDirectory
    let activity: Activity
    let accounts: Accounts
    let engines: EngineRegistry
    let budget: DescriptorBudget
    let locks = UserLocks()
    let backups: Backups
    let reaper: Reaper
    let metrics = MetricsRegistry()
    let workers = WorkerExecutor(threads: 4)
    private let backupWorkers = WorkerExecutor(threads: 2)

    /// What a test wants to be different.
    struct Options {
        var backups = BackupConfiguration()
        var engines = EngineConfiguration()
        var descriptorBudget = 1000
    }

    /// A registered user with a session.
    struct User: Sendable {
        let name: String
        let login: Login
        let fixture: BackupsFixture

        var id: UserID { login.session.userID }

        func key() throws -> GuardedBytes {
            try fixture.accounts.unlockUserKey(of: login.session, with: login.token)
        }

        var access: DataAccess { fixture.accounts.access(of: login.session, with: login.token) }

        @discardableResult
        func run(_ sql: String, _ arguments: Arguments = .none) async throws -> [[Value]] {
            try await withEngine { engine in
                try await engine.run(sql, arguments, timeout: .seconds(30)) { statement, _ in
                    var rows: [[Value]] = []
                    while try statement.step() { rows.append(try statement.row()) }
                    return rows
                }
            }
        }

        /// Uses the engine on a worker, as requests do: Swift's own threads are for the tests.
        func withEngine<Result: Sendable>(_ body: @Sendable (Engine) async throws -> Result) async throws -> Result {
            try await withTaskExecutorPreference(fixture.workers) {
                try await access.withEngine(in: fixture.engines, body)
            }
        }

        func integer(_ sql: String) async throws -> Int64 {
            guard case .integer(let value)? = try await run(sql).first?.first else { return -1 }
            return value
        }

        func backUp(_ label: String? = nil) async throws -> BackupRecord {
            try await fixture.backups.begin(with: access, label: label).value()
        }

        func restore(_ backup: BackupRecord, parts: Backups.Parts = .database) async throws -> BackupRecord? {
            try await fixture.backups.restore(backup.id, of: id, parts: parts, userKey: key())
        }

        /// The names in the directory of their backups.
        var backupFiles: [String] { StoredFile.names(in: fixture.files.backupDirectory(of: id)).sorted() }

        var database: String { fixture.files.databasePath(of: id) }
    }

    private init(_ directory: String, _ options: Options, _ time: ManualTime) async throws {
        self.directory = directory
        self.time = time
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        files = try DataDirectory(path: directory + "/data")
        activity = Activity(time: time)
        accounts = try await Accounts.open(
            catalogPath: files.catalogPath,
            settings: AccountSettings(
                passwordParameters: try PasswordHash.Parameters(operations: 1, memoryBytes: 8192),
                passwordHashesAtOnce: 2),
            activity: activity, time: time, logger: logger)
        budget = DescriptorBudget(capacity: options.descriptorBudget, time: time)
        engines = EngineRegistry(
            files: files, configuration: options.engines, activity: activity, budget: budget, locks: locks,
            metrics: EngineMetrics(metrics), time: time, workers: workers, logger: logger)
        let researches = Researches(
            accounts: accounts, engines: engines, locks: locks, settings: ResearchSettings(), time: time,
            events: ResearchEvents(time: time))
        backups = Backups(
            accounts: accounts, engines: engines, files: files, researches: researches, locks: locks,
            configuration: options.backups, metrics: BackupMetrics(metrics), time: time, workers: backupWorkers,
            logger: logger)
        reaper = Reaper(
            registry: engines, activity: activity, locks: locks, configuration: ReaperConfiguration(), time: time,
            workers: workers, logger: logger, keepsOpen: backups.keepsOpen, endExpired: {})
        try await backups.start()
    }

    static func run(
        _ configure: (inout Options) -> Void = { _ in }, _ body: (BackupsFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await run(in: directory, configure, body)
        }
    }

    /// The same in a directory that outlives it.
    static func run(
        in directory: TemporaryDirectory, time: ManualTime = ManualTime(),
        _ configure: (inout Options) -> Void = { _ in }, _ body: (BackupsFixture) async throws -> Void
    ) async throws {
        var options = Options()
        configure(&options)
        let fixture = try await BackupsFixture(directory.path, options, time)
        do {
            try await body(fixture)
        } catch {
            Issue.record(error)
        }
        await fixture.backups.shutDown()
        await fixture.engines.shutDown()
        try await fixture.accounts.close()
        fixture.workers.shutdown()
        fixture.backupWorkers.shutdown()
        #expect(OpenFiles.paths(under: directory.path + "/data/users") == [])
        #expect(fixture.budget.used == 0)
        for table in UserLocks.Table.allCases { #expect(fixture.locks[table].count == 0) }
        #expect(FileTree.paths(under: directory.path).filter { $0.contains(".partial") } == [])
    }

    func makeUser(_ name: String = "ada") async throws -> User {
        _ = try await accounts.register(
            username: name, password: Self.password(name),
            creatingData: { [engines] in try await engines.createDatabase(of: $0, key: $1) },
            removingData: { [engines] in try await engines.deleteDatabase(of: $0) })
        return try await logIn(name)
    }

    func logIn(_ name: String) async throws -> User {
        let login = try await accounts.login(
            username: name, password: Self.password(name), remember: true, from: Self.client)
        return User(name: name, login: login, fixture: self)
    }

    static let client = Client(address: "192.0.2.1", userAgent: "tests/1")

    static func password(_ name: String) -> Password {
        try! Password(copying: Array("the password of \(name)".utf8))
    }

    var scrape: String { String(decoding: metrics.render(.prometheus), as: UTF8.self) }
}
