import Accounts
import Logging
import Research
import Secrets
import Timekeeping
import UserEngines
import Workers

/// Copies of users' databases, made while they are in use; and what needs a user's files alone: restoring one of the
/// copies, and changing the key.
///
/// Whatever reads or writes whole files runs on `workers`, so many at once, and goes on when its caller goes away.
public final class Backups: Sendable {
    let accounts: Accounts
    let engines: EngineRegistry
    let files: DataDirectory
    let researches: Researches
    let locks: UserLocks
    let configuration: BackupConfiguration
    let metrics: BackupMetrics
    let time: any TimeSource
    let workers: WorkerExecutor
    let logger: Logger
    let runs = BackupRuns()
    let transfers = Transfers()
    let work = WorkUnderWay()
    let schedule: BackupSchedule
    /// Who works on whole files, over all users.
    let turns: TurnQueue

    /// Makes the backups of these users. `workers` runs nothing else, so that no request waits for a copy.
    public init(
        accounts: Accounts, engines: EngineRegistry, files: DataDirectory, researches: Researches, locks: UserLocks,
        configuration: BackupConfiguration, metrics: BackupMetrics, time: any TimeSource, workers: WorkerExecutor,
        logger: Logger
    ) {
        self.accounts = accounts
        self.engines = engines
        self.files = files
        self.researches = researches
        self.locks = locks
        self.configuration = configuration
        self.metrics = metrics
        self.time = time
        self.workers = workers
        self.logger = logger
        schedule = BackupSchedule(interval: configuration.interval)
        turns = TurnQueue(turns: configuration.atOnce, waitingLimit: 10_000)
    }

    /// Removes what a server that was killed has left half done, and begins backups that are due. Called once, before
    /// anybody can ask for anything.
    public func start() async throws {
        try await removeLeftovers()
        engines.whenOpened { [weak self] user in self?.userArrived(user) }
    }

    /// Cancels backups and whatever waits for its turn, and waits for the end of all; nothing begins any more.
    public func shutDown() async {
        let running = runs.shutDown()
        for run in running { run.cancel() }
        for run in running { _ = try? await run.value() }
        await work.shutDown()
    }

    /// For whom something is done.
    enum Audience: Sendable {
        /// It is done also when nobody waits for it any more.
        case anybody
        /// It is cancelled with whoever asked for it.
        case caller
    }

    /// Runs `body` on the workers.
    ///
    /// - Throws: `EngineError.shuttingDown` if it did not begin before the shutdown.
    func onWorkers<Result: Sendable>(
        onlyFor audience: Audience = .anybody, _ body: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        guard let task = work.start(on: workers, body) else { throw EngineError.shuttingDown }
        do {
            return try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                if audience == .caller { task.cancel() }
            }
        } catch is CancellationError {
            throw EngineError.shuttingDown
        }
    }
}
