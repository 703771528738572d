import Accounts
import Backups
import HTTPServer
import Metrics
import Research
import UserEngines
import Workers

/// Every call that Coffer answers.
public struct CofferAPI: Sendable {
    private let accounts: Accounts
    private let backups: Backups
    private let engines: EngineRegistry
    private let researches: Researches
    private let metrics: MetricsRegistry
    private let readiness: Readiness
    private let reaper: Reaper
    private let limits: APILimits
    private let access: AccessConfiguration
    private let workers: WorkerExecutor
    private let publicFiles: PublicFiles

    /// Puts the modules below behind HTTP. `workers` make the rows that are streamed; `publicDirectory` holds the
    /// landing page and the OpenAPI document.
    public init(
        accounts: Accounts, backups: Backups, engines: EngineRegistry, researches: Researches, metrics: MetricsRegistry,
        readiness: Readiness, reaper: Reaper, limits: APILimits, access: AccessConfiguration, workers: WorkerExecutor,
        publicDirectory: String
    ) {
        self.accounts = accounts
        self.backups = backups
        self.engines = engines
        self.researches = researches
        self.metrics = metrics
        self.readiness = readiness
        self.reaper = reaper
        self.limits = limits
        self.access = access
        self.workers = workers
        publicFiles = PublicFiles(directory: publicDirectory)
    }

    /// The routes.
    public var router: Router {
        let authentication = Authentication(accounts: accounts)
        let operators = OperatorAccess(configuration: access)
        var router = Router()
        UserRoutes(accounts: accounts, engines: engines, limits: limits).add(to: &router)
        SessionRoutes(
            accounts: accounts, authentication: authentication, researches: researches, engines: engines,
            limits: limits
        ).add(to: &router)
        MeRoutes(
            accounts: accounts, authentication: authentication, backups: backups, engines: engines, limits: limits
        ).add(to: &router)
        BackupRoutes(authentication: authentication, backups: backups, limits: limits).add(to: &router)
        BackupEventRoutes(authentication: authentication, backups: backups, events: researches.events).add(to: &router)
        ExportRoutes(authentication: authentication, backups: backups).add(to: &router)
        ImportRoutes(authentication: authentication, backups: backups, limits: limits).add(to: &router)
        ResearchRoutes(researches: researches, authentication: authentication, limits: limits).add(to: &router)
        EventRoutes(researches: researches, authentication: authentication).add(to: &router)
        FindingRoutes(researches: researches, authentication: authentication, limits: limits).add(to: &router)
        QueryRoutes(authentication: authentication, engines: engines, limits: limits, workers: workers)
            .add(to: &router)
        HealthRoutes(readiness: readiness, operators: operators).add(to: &router)
        MetricsRoutes(metrics: metrics, operators: operators).add(to: &router)
        AdminRoutes(accounts: accounts, engines: engines, reaper: reaper, operators: operators).add(to: &router)
        publicFiles.add(to: &router)
        return router
    }

    /// What a client is told about an error of the modules below.
    @Sendable public static func problem(for error: any Error) -> Problem {
        ProblemMapping.problem(for: error)
    }

    /// What the log says of an error that is answered 5xx, without SQL, arguments or secrets; `nil` for an unknown one.
    @Sendable public static func logText(for error: any Error) -> String? {
        ErrorLogText.text(of: error)
    }
}
