import Accounts
import Backups
import CofferAPI
import Glibc
import HTTPServer
import Logging
import Metrics
import Research
import SQLCipher
import ServiceLifecycle
import Timekeeping
import UserEngines
import Workers

/// One running server: every module made from the settings, in the order in which they depend on each other, and
/// stopped in the opposite one.
struct Deployment {
    private let settings: Settings
    private let logger = Logger(label: "coffer")

    init(_ settings: Settings) {
        self.settings = settings
    }

    /// Serves until the process is told to stop; then answers what is in flight, and closes everything.
    func run() async throws {
        let versions = try SQLCipherLibrary.verify()
        if let warning = versions.warning { logger.warning("\(warning)") }
        warnWithoutPublicFiles()
        let files = try DataDirectory(path: settings.dataDirectory)
        let lightThreads = 2 * ProcessorCount.online
        let shares = try DescriptorShares(
            limit: OpenDescriptors.limit, open: OpenDescriptors.count,
            threads: settings.workers + lightThreads + settings.backups.atOnce,
            eventThreads: settings.server.eventThreads, databases: settings.descriptorBudget,
            connections: settings.server.maximumConnections)
        let workers = WorkerExecutor(threads: settings.workers)
        // What runs no statement of a user never waits for one: logins, health, opens, closes and time-outs.
        let lightWorkers = WorkerExecutor(threads: lightThreads)
        let backupWorkers = WorkerExecutor(threads: settings.backups.atOnce)
        defer {
            workers.shutdown()
            lightWorkers.shutdown()
            backupWorkers.shutdown()
        }
        let time = SystemTime()
        let metrics = MetricsRegistry()
        let descriptors = LatestCensus()
        let activity = Activity(time: time)
        let accountsMetrics = AccountsMetrics(metrics)
        let engineMetrics = EngineMetrics(metrics)
        let eventMetrics = ResearchEventMetrics(metrics)
        let events = ResearchEvents(time: time, observer: eventMetrics)
        let accounts = try await openAccounts(
            files, activity: activity, time: time, observer: AccountsObservers([accountsMetrics, events]))
        await warnOfStrayDirectories(files, accounts)
        let budget = DescriptorBudget(capacity: shares.databases, time: time)
        let locks = UserLocks()
        let engines = EngineRegistry(
            files: files, configuration: settings.engines, activity: activity, budget: budget, locks: locks,
            metrics: engineMetrics, time: time, workers: lightWorkers, logger: Logger(label: "coffer.engines"))
        let researches = Researches(
            accounts: accounts, engines: engines, locks: locks, settings: settings.research, time: time, events: events)
        let backups = Backups(
            accounts: accounts, engines: engines, files: files, researches: researches, locks: locks,
            configuration: settings.backups, metrics: BackupMetrics(metrics), time: time, workers: backupWorkers,
            logger: Logger(label: "coffer.backups"))
        try await backups.start()
        let reaper = Reaper(
            registry: engines, activity: activity, locks: locks, descriptors: descriptors,
            configuration: settings.reaper, time: time, workers: lightWorkers, logger: Logger(label: "coffer.reaper"),
            keepsOpen: backups.keepsOpen
        ) { [logger] in
            do {
                _ = try await accounts.endExpiredSessions()
            } catch {
                logger.error("expired sessions could not be removed", metadata: ["error": "\(error)"])
            }
            do {
                try await researches.endExpired()
            } catch {
                logger.error("expired research leases could not be removed", metadata: ["error": "\(error)"])
            }
        }
        let readiness = readiness(files: files, accounts: accounts, budget: budget, reaper: reaper)
        engineMetrics.registerGauges(of: engines, in: metrics)
        ReaperMetrics.register(reaper, activity: activity, locks: locks, in: metrics)
        accountsMetrics.registerGauges(of: accounts, in: metrics)
        eventMetrics.registerGauges(of: events, in: metrics)
        ServerMetrics.register(in: metrics, versions: versions, descriptors: descriptors)
        let api = CofferAPI(
            accounts: accounts, backups: backups, engines: engines, researches: researches, metrics: metrics,
            readiness: readiness, reaper: reaper, limits: settings.limits, access: settings.access, workers: workers,
            publicDirectory: settings.publicDirectory)
        let router = api.router
        let httpMetrics = HTTPMetrics(metrics, routes: router.templates)
        var serverConfiguration = settings.server
        serverConfiguration.maximumConnections = shares.connections
        let stop = StopSchedule(total: settings.shutdownTimeout)
        serverConfiguration.cancellationGrace = stop.grace
        let server = Server(
            configuration: serverConfiguration, router: router, workers: workers, lightWorkers: lightWorkers,
            time: time, logger: Logger(label: "coffer.http"), observer: httpMetrics, problem: CofferAPI.problem,
            logText: CofferAPI.logText)
        HTTPMetrics.registerGauges(of: server, in: metrics)
        // Stopped from the last to the first: nobody calls what has stopped.
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    EnginesService(backups: backups, engines: engines, accounts: accounts),
                    SessionTimesService(accounts: accounts, interval: settings.accounts.lastSeenInterval),
                    ReaperService(reaper: reaper),
                    CensusService(descriptors: descriptors, workers: lightWorkers),
                    HeartbeatService(events: events),
                    HTTPService(server: server, readiness: readiness, events: events, settings: settings, stop: stop),
                ],
                gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
    }

    private func warnWithoutPublicFiles() {
        guard access(settings.publicDirectory + "/index.html", R_OK) != 0 else { return }
        logger.warning(
            "the public directory holds no index.html: there is no landing page",
            metadata: ["directory": "\(settings.publicDirectory)"])
    }

    private func warnOfStrayDirectories(_ files: DataDirectory, _ accounts: Accounts) async {
        do {
            try await StrayDirectories(in: files, unknownTo: accounts).warn(logger)
        } catch {
            logger.warning(
                "the users' directories could not be compared with the catalog", metadata: ["error": "\(error)"])
        }
    }

    private func openAccounts(
        _ files: DataDirectory, activity: Activity, time: any TimeSource, observer: any AccountsObserver
    ) async throws -> Accounts {
        do {
            return try await Accounts.open(
                catalogPath: files.catalogPath, settings: settings.accounts, activity: activity, time: time,
                observer: observer)
        } catch CatalogError.unavailable(let error), CatalogError.commitFailed(let error) {
            throw UnusableCatalog(path: files.catalogPath, error: error)
        }
    }

    private func readiness(
        files: DataDirectory, accounts: Accounts, budget: DescriptorBudget, reaper: Reaper
    ) -> Readiness {
        Readiness(checks: [
            {
                do {
                    _ = try await accounts.users(limit: 1)
                    return Readiness.Result("catalog", isPassed: true, detail: "readable")
                } catch {
                    return Readiness.Result("catalog", isPassed: false, detail: "\(error)")
                }
            },
            {
                do {
                    try files.check()
                    return Readiness.Result("data_directory", isPassed: true, detail: "writable")
                } catch {
                    return Readiness.Result("data_directory", isPassed: false, detail: "\(error)")
                }
            },
            { Readiness.diskSpace(at: files.path) },
            { Readiness.descriptors() },
            { Readiness.budget(budget) },
            {
                Readiness.Result(
                    "reaper", isPassed: !reaper.isOverdue,
                    detail: reaper.lastReport.map { "last pass at \($0.start.iso8601)" } ?? "no pass yet")
            },
        ])
    }
}

/// The catalog's file cannot be used.
private struct UnusableCatalog: Error, CustomStringConvertible {
    let path: String
    let error: SQLiteError

    var description: String { "cannot use the catalog \(path): \(error); \(advice)" }

    private var advice: String {
        switch error.code {
        case .full: "free disk space"
        case .readOnly, .cantOpen: "give the server's user the right to write it and its directory"
        case .busy: "end the other process that has locked it"
        default: "restore it from a copy of the data directory, or choose another directory"
        }
    }
}
