import CofferTesting
import ConnectionPool
import FaultInjection
import Metrics
import SQLCipher
import Secrets
import Synchronization
import Timekeeping
import UserEngines
import Workers

/// One user's database behind a registry, and everything that could keep something of it.
final class EngineWorld: Sendable {
    /// The row that ``proceed()`` writes.
    static let laterRow: Int64 = 1_000

    private static let workers = WorkerExecutor(threads: 2)

    private static let everyPassReleases: ReaperConfiguration = {
        var configuration = ReaperConfiguration()
        configuration.releaseInterval = .zero
        return configuration
    }()

    private struct Parts {
        let files: DataDirectory
        let registry: EngineRegistry
        let reaper: Reaper
    }

    let user = UserID()
    let activity: Activity
    let locks = UserLocks()
    private let directory: String
    private let budget = DescriptorBudget(capacity: 100, time: SystemTime())
    /// Nil when closed: the lock of the data directory is a descriptor, which goes with the last who knows the directory.
    private let parts: Mutex<Parts?>
    private let databasesBefore = SQLiteHoldings.now.databases

    /// Where the user's database is, from the directory that the world was made in.
    var relativePath: String { "/users/\(user.description.prefix(2))/\(user)/main.db" }

    /// - Parameters:
    ///   - hasDatabase: whether the user has the sample's content.
    ///   - time: what deadlines of sessions and researches are measured on.
    init(in directory: String, hasDatabase: Bool = true, time: any TimeSource = SystemTime()) throws {
        self.directory = directory
        activity = Activity(time: time)
        let files = try DataDirectory(path: directory)
        let registry = EngineRegistry(
            files: files, configuration: EngineConfiguration(), activity: activity, budget: budget, locks: locks,
            metrics: EngineMetrics(MetricsRegistry()), time: SystemTime(), workers: Self.workers, logger: .silent)
        let reaper = Reaper(
            registry: registry, activity: activity, locks: locks,
            configuration: Self.everyPassReleases, time: SystemTime(), workers: Self.workers, logger: .silent,
            endExpired: {})
        parts = Mutex(Parts(files: files, registry: registry, reaper: reaper))
        guard hasDatabase else { return }
        try files.makeDirectory(of: user)
        SampleDatabase(path: files.databasePath(of: user)).create()
    }

    var files: DataDirectory { parts.withLock { $0!.files } }

    var registry: EngineRegistry { parts.withLock { $0!.registry } }

    var reaper: Reaper { parts.withLock { $0!.reaper } }

    func withEngine<Result>(_ body: (Engine) async throws -> Result) async throws -> Result {
        try await registry.withEngine(of: user, key: { try Self.key() }, body)
    }

    /// The engine wipes the key that it is given.
    static func key() throws -> GuardedBytes {
        try SampleDatabase.key.withUnsafeBytes { try GuardedBytes(copying: $0) }
    }

    func insert(_ id: Int64) async throws {
        try await withEngine { engine in
            try await engine.run(SampleDatabase.insertion, SampleDatabase.arguments(id), timeout: .seconds(10)) {
                statement, _ in
                while try statement.step() {}
            }
        }
    }

    func count() async throws -> Int {
        try await withEngine { engine in
            try await engine.run("SELECT id, value FROM sample", .none, timeout: .seconds(10)) { statement, _ in
                var count = 0
                while try statement.step() { count += 1 }
                return count
            }
        }
    }

    /// Waits until what was begun has ended: a connection closes after the lease that it was evicted with.
    func settle() async throws {
        try await eventually(within: .seconds(20)) {
            let census = registry.census()
            let pools = census.total.occupancy
            return census.opening == 0 && pools.leased == 0 && pools.opening == 0 && pools.closing == 0
        }
    }

    /// Runs `body`, and what follows from it, with whatever result.
    func settling(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            try await settle()
            throw error
        }
        try await settle()
    }

    /// - Parameter others: databases that are open and are no engine's.
    func problems(besides others: Int = 0) -> [String] {
        var problems: [String] = []
        let pools = registry.census().total.occupancy
        if pools.leased + pools.waiting > 0 { problems.append("leases are out: \(pools)") }
        let databases = SQLiteHoldings.now.databases - databasesBefore - others
        if databases != pools.total {
            problems.append("\(databases) databases are open, the pools know of \(pools.total)")
        }
        for table in UserLocks.Table.allCases where locks[table].count > 0 {
            problems.append("\(locks[table].count) entries in the table of \(table) locks")
        }
        return problems
    }

    func proceed() async throws {
        try await insert(Self.laterRow)
        _ = try await count()
    }

    func close() async throws {
        await registry.shutDown()
        let census = registry.census()
        try require(census.open + census.closing + census.opening == 0, "an engine is left: \(census)")
        try require(budget.used == 0, "\(budget.used) descriptors of the budget are left")
        parts.withLock { $0 = nil }
        // A task of the registry's may still be about to let go of it.
        try await eventually(within: .seconds(5)) { OpenFiles.paths(under: directory).isEmpty }
    }

    /// Checks that the files hold the initial rows, all of `committed`, any of `possible`, and nothing else.
    func verify(_ end: End, committed: Set<Int64> = [], possible: Set<Int64> = []) throws {
        var rows = try SampleDatabase(path: end.directory + relativePath).checkedRows()
        if !end.isCrash { try require(rows.remove(Self.laterRow) != nil, "the later row is not there") }
        let certain = SampleDatabase.initialRows.union(committed)
        try require(rows.isSuperset(of: certain), "rows are missing: \(certain.subtracting(rows).sorted())")
        let others = rows.subtracting(certain).subtracting(possible)
        try require(others.isEmpty, "rows are there that nobody has committed: \(others.sorted())")
    }
}
