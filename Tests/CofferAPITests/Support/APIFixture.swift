import Accounts
import Backups
import CofferTesting
import HTTPServer
import JSON
import Logging
import Metrics
import Research
import Secrets
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import CofferAPI
@testable import UserEngines

/// What a test wants to be different from the default.
struct APIOptions {
    var engines = EngineConfiguration()
    /// Password hashes that cost next to nothing.
    var accounts = AccountSettings(
        passwordParameters: try! PasswordHash.Parameters(operations: 1, memoryBytes: 8192), passwordHashesAtOnce: 2)
    var backups = BackupConfiguration()
    var limits = APILimits()
    var access = AccessConfiguration()
    var research = ResearchSettings()
    /// The clock of sessions, leases and engines; the server's own stays the system's.
    var time: any TimeSource = SystemTime()
    var server = ServerConfiguration(port: 0)
    /// File descriptors that databases may hold.
    var descriptorBudget = 1000
    /// Where the landing page and the OpenAPI document are; in the service's own directory without it.
    var publicDirectory: String?
}

/// The whole service behind a real socket, in this process, over real files; and the proof that nothing of it stays open.
final class APIFixture: Sendable {
    let directory: String
    let activity: Activity
    let budget: DescriptorBudget
    let accounts: Accounts
    let backups: Backups
    let engines: EngineRegistry
    let researches: Researches
    let locks = UserLocks()
    let metrics = MetricsRegistry()
    let readiness: Readiness
    let reaper: Reaper
    let server: Server
    /// A connection that is kept for the whole test.
    let client: HTTPClient
    /// What the readiness check that the test has in its hand says.
    let health = HealthSwitch()
    private let workers = WorkerExecutor(threads: 8)
    private let lightWorkers = WorkerExecutor(threads: 4)
    private let backupWorkers = WorkerExecutor(threads: 2)

    private init(_ directory: String, _ options: APIOptions) async throws {
        self.directory = directory
        let time = options.time
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let files = try DataDirectory(path: directory + "/data")
        let accountsMetrics = AccountsMetrics(metrics)
        let engineMetrics = EngineMetrics(metrics)
        let eventMetrics = ResearchEventMetrics(metrics)
        let events = ResearchEvents(time: time, observer: eventMetrics)
        activity = Activity(time: time)
        budget = DescriptorBudget(capacity: options.descriptorBudget, time: time)
        accounts = try await Accounts.open(
            catalogPath: files.catalogPath, settings: options.accounts, activity: activity, time: time,
            logger: logger, observer: AccountsObservers([accountsMetrics, events]))
        engines = EngineRegistry(
            files: files, configuration: options.engines, activity: activity, budget: budget, locks: locks,
            metrics: engineMetrics, time: time, workers: workers, logger: logger)
        researches = Researches(
            accounts: accounts, engines: engines, locks: locks, settings: options.research, time: time, events: events)
        backups = Backups(
            accounts: accounts, engines: engines, files: files, researches: researches, locks: locks,
            configuration: options.backups, metrics: BackupMetrics(metrics), time: time, workers: backupWorkers,
            logger: logger)
        try await backups.start()
        reaper = Reaper(
            registry: engines, activity: activity, locks: locks, configuration: ReaperConfiguration(), time: time,
            workers: workers, logger: logger, keepsOpen: backups.keepsOpen
        ) { [accounts, researches] in
            _ = try? await accounts.endExpiredSessions()
            try? await researches.endExpired()
        }
        readiness = Readiness(checks: [
            { [health] in
                Readiness.Result("switch", isPassed: health.isOn.load(ordering: .relaxed), detail: "a test's switch")
            }
        ])
        engineMetrics.registerGauges(of: engines, in: metrics)
        accountsMetrics.registerGauges(of: accounts, in: metrics)
        eventMetrics.registerGauges(of: events, in: metrics)
        ReaperMetrics.register(reaper, activity: activity, locks: locks, in: metrics)
        metrics.registerProcessMetrics()
        let api = CofferAPI(
            accounts: accounts, backups: backups, engines: engines, researches: researches, metrics: metrics,
            readiness: readiness, reaper: reaper, limits: options.limits, access: options.access, workers: workers,
            publicDirectory: options.publicDirectory ?? directory + "/Public")
        let router = api.router
        server = Server(
            configuration: options.server, router: router, workers: workers, lightWorkers: lightWorkers,
            time: SystemTime(), logger: logger, observer: HTTPMetrics(metrics, routes: router.templates),
            problem: CofferAPI.problem,
            logText: CofferAPI.logText)
        HTTPMetrics.registerGauges(of: server, in: metrics)
        try server.start()
        client = try HTTPClient(port: server.port)
    }

    /// Runs a test against the service, then stops it and looks for what was left open.
    static func run(
        _ configure: (inout APIOptions) throws -> Void = { _ in }, _ body: (APIFixture) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await run(in: directory.path, configure, body)
        }
    }

    /// The same in a directory that outlives the service.
    static func run(
        in directory: String, _ configure: (inout APIOptions) throws -> Void = { _ in },
        _ body: (APIFixture) async throws -> Void
    ) async throws {
        var options = APIOptions()
        try configure(&options)
        let fixture = try await APIFixture(directory, options)
        do {
            try await body(fixture)
        } catch {
            try? await fixture.stop()
            throw error
        }
        try await fixture.stop()
    }

    private func stop() async throws {
        await client.close()
        server.beginDraining()
        researches.events.close()
        let unfinished = await server.shutdown(deadline: .seconds(10))
        #expect(unfinished == 0, "a handler has not returned")
        #expect(engines.census().total.occupancy.leased == 0)
        #expect(engines.census().total.occupancy.waiting == 0)
        await backups.shutDown()
        let left = engines.roster.all
        await engines.shutDown()
        for pool in left.flatMap({ [$0.readers, $0.writer, $0.service] }) {
            let statistics = pool.statistics
            #expect(statistics.counters.opens == statistics.counters.closes)
            #expect(statistics.occupancy.total == 0)
        }
        #expect(budget.used == 0)
        let census = engines.census()
        #expect(census.open + census.opening + census.closing == 0)
        try await accounts.close()
        workers.shutdown()
        lightWorkers.shutdown()
        backupWorkers.shutdown()
        #expect(openUserFiles == [])
        #expect(OpenFiles.paths(under: directory + "/data").filter { $0.contains("catalog.db") } == [])
    }

    /// Connections opened and not closed, by the counters of the engines that are open now.
    var countedConnections: Int {
        engines.roster.all.flatMap { [$0.readers, $0.writer, $0.service] }.map(\.statistics.counters)
            .reduce(0) { $0 + $1.opens - $1.closes }
    }

    /// The users' files that are open now, one entry per descriptor.
    var openUserFiles: [String] { OpenFiles.paths(under: directory + "/data/users") }
}

/// Whether the service is to be ready.
final class HealthSwitch: Sendable {
    let isOn = Atomic(true)
}
