import CofferTesting
import Logging
import Metrics
import SQLCipher
import Secrets
import Testing
import Workers

@testable import UserEngines

/// A registry over real files, and the proof that nothing of it stays open.
struct EngineFixture: Sendable {
    let directory: String
    let files: DataDirectory
    let time = ManualTime()
    let activity: Activity
    let registry: EngineRegistry
    let budget: DescriptorBudget
    let locks = UserLocks()
    let workers = WorkerExecutor(threads: 4)
    let key: GuardedBytes
    let scrapes = MetricsRegistry()
    let metrics: EngineMetrics

    private init(_ directory: String, _ configuration: EngineConfiguration, budget capacity: Int) throws {
        self.directory = directory
        files = try DataDirectory(path: directory + "/data")
        activity = Activity(time: time)
        budget = DescriptorBudget(capacity: capacity, time: time)
        key = try GuardedBytes.random(count: 48)
        metrics = EngineMetrics(scrapes)
        registry = EngineRegistry(
            files: files, configuration: configuration, activity: activity, budget: budget, locks: locks,
            metrics: metrics, time: time,
            workers: workers, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    /// Runs a test with a registry, then shuts it down and looks for what was left open.
    static func run(
        _ configuration: EngineConfiguration = EngineConfiguration(), budget: Int = 1000,
        _ body: (EngineFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            let fixture = try EngineFixture(directory.path, configuration, budget: budget)
            do {
                try await body(fixture)
            } catch {
                await fixture.registry.shutDown()
                fixture.workers.shutdown()
                throw error
            }
            await fixture.registry.shutDown()
            fixture.workers.shutdown()
            #expect(OpenFiles.paths(under: directory.path + "/data/users") == [])
            #expect(fixture.budget.used == 0)
        }
    }

    /// A user with a database.
    func makeUser() async throws -> UserID {
        let user = UserID()
        try await registry.createDatabase(of: user, key: try copyOfKey())
        return user
    }

    /// The engine wipes the key it was given when it closes.
    func copyOfKey() throws -> GuardedBytes {
        try key.withUnsafeBytes { try GuardedBytes(copying: $0) }
    }

    func run(_ sql: String, _ arguments: Arguments = .none, as user: UserID) async throws -> [[Value]] {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            try await engine.run(sql, arguments, timeout: .seconds(10)) { statement, _ in
                var rows: [[Value]] = []
                while try statement.step() { rows.append(try statement.row()) }
                return rows
            }
        }
    }

    /// A request that has the user's engine, and keeps it until the gate opens.
    func hold(_ user: UserID, until gate: Gate) async -> Task<Void, any Error> {
        let use = Task {
            try await registry.withEngine(of: user, key: { try copyOfKey() }) { _ in await gate.pass() }
        }
        await gate.arrivals(atLeast: 1)
        return use
    }

    func makeReaper(_ configuration: ReaperConfiguration = ReaperConfiguration()) -> Reaper {
        Reaper(
            registry: registry, activity: activity, locks: locks, configuration: configuration, time: time,
            workers: workers, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
            endExpired: {})
    }

    var openUserFiles: [String] { OpenFiles.paths(under: directory + "/data/users") }
}
