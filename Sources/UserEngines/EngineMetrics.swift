import ConnectionPool
import Metrics
import SQLCipher

/// What engines and their pools record, and what a scrape reads off them. Names follow HikariCP.
public final class EngineMetrics: Sendable {
    private let opened: Counter
    private let closed: CounterFamily
    private let closeFailures: Counter
    private let checkpointFailures: Counter
    private let acquire: Histogram
    private let usage: Histogram
    private let creation: Histogram
    private let timeouts: Counter
    private let evicted: CounterFamily
    private let readers: ConnectionKind
    private let writers: ConnectionKind
    private let services: ConnectionKind
    private let groupMembers: Histogram
    private let groupsUndone: Counter
    let logs = LogTotal()

    /// What is recorded of the connections of one kind.
    private struct ConnectionKind {
        let statements: Histogram
        let pools = PoolTotals()
    }

    /// Registers the metrics, each series at 0.
    public init(_ metrics: MetricsRegistry) {
        opened = metrics.counter("coffer_engines_opened_total", help: "Engines opened.")
        closed = metrics.counterFamily(
            "coffer_engines_closed_total", help: "Engines closed, by reason.", labels: ["reason"],
            initial: CloseReason.allCases.map { [$0.rawValue] })
        closeFailures = metrics.counter(
            "coffer_engine_close_failures_total", help: "Closes of an engine that failed and are tried again.")
        checkpointFailures = metrics.counter(
            "coffer_checkpoint_failures_total", help: "Checkpoints of a release pass that were busy or failed.")
        acquire = metrics.histogram(
            "coffer_connection_acquire_seconds", help: "Wait for a connection, until it was given or not needed.")
        usage = metrics.histogram(
            "coffer_connection_usage_seconds", help: "Use of a connection, from lease to release.")
        creation = metrics.histogram("coffer_connection_creation_seconds", help: "Opening of a connection.")
        timeouts = metrics.counter(
            "coffer_connection_timeouts_total", help: "Waits for a connection that reached their deadline.")
        evicted = metrics.counterFamily(
            "coffer_connections_evicted_total", help: "Connections that left their pool, by reason.",
            labels: ["reason"], initial: EvictionReason.known.map { [$0.rawValue] }, maximumSeries: 50)
        let statements = metrics.histogramFamily(
            "coffer_statement_seconds", help: "Statements, from their first step to their last, by kind of connection.",
            labels: ["pool_role"], initial: PoolRole.allCases.map { [$0.rawValue] })
        readers = ConnectionKind(statements: statements.series(PoolRole.reader.rawValue))
        writers = ConnectionKind(statements: statements.series(PoolRole.writer.rawValue))
        services = ConnectionKind(statements: statements.series(PoolRole.service.rawValue))
        groupMembers = metrics.histogram(
            "coffer_group_commit_members", help: "Statements that shared one commit, by commit.",
            buckets: [1, 2, 4, 8, 16, 32, 64])
        groupsUndone = metrics.counter(
            "coffer_group_commits_undone_total",
            help: "Shared transactions that were rolled back, after which each statement ran alone.")
    }

    /// Registers the gauges that are read off the registry at every scrape.
    public func registerGauges(of registry: EngineRegistry, in metrics: MetricsRegistry) {
        metrics.collect(
            "coffer_engines", help: "Engines by state.", type: .gauge, labels: ["state"]
        ) {
            let census = registry.census()
            return [
                MetricSample(labels: ["opening"], census.opening), MetricSample(labels: ["open"], census.open),
                MetricSample(labels: ["closing"], census.closing),
            ]
        }
        metrics.collect(
            "coffer_connections", help: "Connections by kind and state.", type: .gauge, labels: ["pool_role", "state"]
        ) {
            let census = registry.census()
            return PoolRole.allCases.flatMap { role in
                let pool = census[role].occupancy
                return [
                    ("idle", pool.idle), ("leased", pool.leased), ("opening", pool.opening), ("closing", pool.closing),
                ].map { state, count in MetricSample(labels: [role.rawValue, state], count) }
            }
        }
        metrics.collect(
            "coffer_connections_pending", help: "Requests that wait for a connection.", type: .gauge
        ) { [MetricSample(registry.census().total.occupancy.waiting)] }
        metrics.collect(
            "coffer_connections_max", help: "Connections that all open engines may have at once.", type: .gauge
        ) { [MetricSample(registry.census().total.occupancy.maximum)] }
        registerGauges(of: registry.budget, in: metrics)
        metrics.collect(
            "coffer_wal_bytes", help: "Write-ahead logs of the open databases.", type: .gauge
        ) { [MetricSample(Int(registry.logBytes()))] }
        metrics.collect(
            "coffer_connection_leaks_suspected", help: "Leases that are out for longer than the leak threshold.",
            type: .gauge
        ) { [MetricSample(registry.census().total.suspectedLeaks)] }
    }

    /// Registers the gauges of the descriptor budget.
    private func registerGauges(of budget: DescriptorBudget, in metrics: MetricsRegistry) {
        metrics.collect(
            "coffer_descriptor_budget", help: "File descriptors that databases may hold.", type: .gauge
        ) { [MetricSample(budget.capacity)] }
        metrics.collect(
            "coffer_descriptor_budget_used", help: "File descriptors that databases hold.", type: .gauge
        ) { [MetricSample(budget.used)] }
    }

    /// What the pools of one role hold, of all engines.
    func pools(_ role: PoolRole) -> PoolTotals {
        switch role {
        case .reader: readers.pools
        case .writer: writers.pools
        case .service: services.pools
        }
    }

    func engineOpened() {
        opened.increment()
    }

    func engineClosed(_ reason: CloseReason) {
        closed.series(reason.rawValue).increment()
    }

    func engineCloseFailed() {
        closeFailures.increment()
    }

    func checkpointFailed() {
        checkpointFailures.increment()
    }

    /// Recorded where the histogram lies: to copy the role's metrics would count references that all threads share.
    func statementEnded(on role: PoolRole, after duration: Duration) {
        switch role {
        case .reader: readers.statements.record(duration)
        case .writer: writers.statements.record(duration)
        case .service: services.statements.record(duration)
        }
    }

    func groupCommitted(members: Int) {
        groupMembers.record(Double(members))
    }

    func groupUndone() {
        groupsUndone.increment()
    }
}

extension EngineMetrics: PoolObserver {
    /// Counts what happens in a pool.
    public func record(_ event: PoolEvent) {
        switch event {
        case .acquired(let waited), .errandDone(let waited): acquire.record(waited)
        case .acquireFailed(.timeout): timeouts.increment()
        case .released(let used): usage.record(used)
        case .opened(let duration): creation.record(duration)
        case .evicted(let reason): evicted.series(reason.rawValue).increment()
        case .acquireFailed, .openFailed, .closed, .closeFailed, .leakSuspected, .leakEnded: break
        }
    }
}

extension EvictionReason {
    /// The reasons whose series exist from the start.
    fileprivate static let known: [EvictionReason] =
        [
            .lifetime, .idleTimeout, .dead, .cancelled, .resetFailed, .broken, .resized, .released, .poolClosed,
            .statementTimeout, .oldSnapshot,
        ] + ResetOutcome.words.map(EvictionReason.init(rawValue:))
}
