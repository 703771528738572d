import Logging
import Metrics
import Synchronization
import Timekeeping
import Workers

/// The background pass that closes the engines of users with no live session and no live research, and gives
/// descriptors back.
///
/// The first pass comes one interval after the start. One pass runs at a time: who asks for one meanwhile shares it.
public final class Reaper: Sendable {
    private struct State {
        var running: Task<ReaperReport, Never>?
        var lastEnd: MonotonicInstant
        var lastRelease: MonotonicInstant
        var lastReport: ReaperReport?
        var totals = ReaperTotals()
    }

    private let registry: EngineRegistry
    private let activity: Activity
    private let locks: UserLocks
    private let descriptors: LatestCensus
    private let configuration: ReaperConfiguration
    private let policy: ReaperPolicy
    private let endExpired: @Sendable () async -> Void
    private let keepsOpen: @Sendable (UserID) async -> Bool
    private let time: any TimeSource
    private let workers: WorkerExecutor
    private let logger: Logger
    private let state: Mutex<State>

    /// Makes a reaper; nothing runs before ``run()`` or ``pass()``.
    ///
    /// - Parameters:
    ///   - descriptors: renewed by each pass.
    ///   - endExpired: ends the sessions and researches whose time is over, so that nobody has to come by first.
    ///   - keepsOpen: asked about each open engine before anything is decided about it. It begins, and does not wait
    ///     for, what is due while the engine is open; with true the engine stays for it, and is closed by whoever does
    ///     it.
    public init(
        registry: EngineRegistry, activity: Activity, locks: UserLocks, descriptors: LatestCensus = LatestCensus(),
        configuration: ReaperConfiguration, time: any TimeSource, workers: WorkerExecutor, logger: Logger,
        keepsOpen: @escaping @Sendable (UserID) async -> Bool = { _ in false },
        endExpired: @escaping @Sendable () async -> Void
    ) {
        self.registry = registry
        self.activity = activity
        self.locks = locks
        self.descriptors = descriptors
        self.configuration = configuration
        self.endExpired = endExpired
        self.keepsOpen = keepsOpen
        self.time = time
        self.workers = workers
        self.logger = logger
        policy = ReaperPolicy(engineIdleTimeout: configuration.engineIdleTimeout)
        state = Mutex(State(lastEnd: time.now, lastRelease: time.now))
    }

    /// Runs a pass after each interval until the task is cancelled.
    public func run() async {
        while true {
            let jitter = configuration.jitter * Double.random(in: -1...1)
            do { try await time.sleep(for: max(.milliseconds(1), configuration.interval + jitter)) } catch { return }
            _ = await pass()
        }
    }

    /// Runs one pass now, or waits for the one that runs.
    public func pass() async -> ReaperReport {
        let task = state.withLock { state in
            if let running = state.running { return running }
            let task = Task(executorPreference: workers) { [self] in await runPass() }
            state.running = task
            return task
        }
        return await task.value
    }

    /// Whether no pass has ended for three intervals: then something is stuck.
    public var isOverdue: Bool {
        state.withLock { $0.lastEnd }.duration(to: time.now) > configuration.interval * 3 + configuration.jitter
    }

    /// What the last pass did; `nil` before the first.
    public var lastReport: ReaperReport? { state.withLock { $0.lastReport } }

    /// What all passes have done.
    var totals: ReaperTotals { state.withLock { $0.totals } }

    private func runPass() async -> ReaperReport {
        let start = time.now
        var report = ReaperReport(start: time.unixTime)
        await endExpired()
        await closeUnneededEngines(&report)
        await releaseConnectionsIfDue(&report)
        ResourceReport(
            descriptors: descriptors.renew(), limit: OpenDescriptors.limit, engines: registry.census(),
            protectedUsers: activity.activeUserCount, locksHeld: report.locksHeld
        ).log(to: logger)
        let now = time.now
        report.duration = start.duration(to: now)
        state.withLock { state in
            state.running = nil
            state.lastEnd = now
            state.lastReport = report
            state.totals.add(report)
        }
        return report
    }

    /// One user's failure stops nobody else's, and whose close failed is looked after like the others.
    private func closeUnneededEngines(_ report: inout ReaperReport) async {
        for engine in registry.snapshots() {
            let isKept = await keepsOpen(engine.user)
            guard let reason = policy.decision(about: engine, at: time.now) else { continue }
            guard !isKept || engine.isStuck else {
                report.skipped += 1
                continue
            }
            switch await registry.reap(engine.user, reason: reason, idleTimeout: configuration.engineIdleTimeout) {
            case .closed: report.closed += 1
            case .failed: report.failed += 1
            case .skipped:
                report.skipped += 1
                continue
            }
            report.locksHeld += locks.heldCount(of: engine.user)
        }
    }

    private func releaseConnectionsIfDue(_ report: inout ReaperReport) async {
        let now = time.now
        let isDue = state.withLock { state in
            guard state.lastRelease.duration(to: now) >= configuration.releaseInterval else { return false }
            state.lastRelease = now
            return true
        }
        for engine in registry.snapshots() {
            await registry.maintain(engine.user, releasingIdle: isDue)
        }
        report.isReleasePass = isDue
    }
}
