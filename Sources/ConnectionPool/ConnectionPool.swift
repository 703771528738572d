import Logging
import Synchronization
import Timekeeping

/// A bounded set of connections to one thing, leased to one holder at a time.
///
/// All decisions are made by a ``PoolStateMachine`` under one lock; what a decision asks for (opening, closing,
/// resuming a waiter) is done after the lock has been left. Waiting holds no thread. A pool is closed with
/// ``close(deadline:grace:)`` before it is dropped.
public final class ConnectionPool<Driver: ConnectionDriver>: Sendable {
    struct Waiter: Sendable {
        /// Resumed without a grant when the errand has been done.
        let continuation: CheckedContinuation<Result<Grant?, PoolError>, Never>
        let errand: Driver.Errand?
    }

    // What each lease of an idle connection touches comes first, in as few lines of the cache as it takes.
    let time: any TimeSource
    let observer: (any PoolObserver)?
    private let totals: PoolTotals?
    private let published = PublishedGauges()
    private let machine: Mutex<PoolStateMachine<Waiter>>
    let driver: Driver
    let executor: any TaskExecutor
    let logger: Logger
    let jitter: @Sendable () -> Double
    let acquireTimeout: Duration
    let lastWaiterNumber = Atomic<UInt64>(0)
    let alarm = PoolAlarm()
    let allClosed: ClosedSignal

    /// Makes a pool, which opens nothing yet.
    ///
    /// `executor` runs the driver's `open`, `check` and `close`, and the waits for deadlines. `jitter` gives the
    /// share of its lifetime, from 0 to 1, that a new connection is to go without. What the pool holds counts in
    /// `totals`.
    public init(
        configuration: PoolConfiguration, driver: Driver, time: any TimeSource, executor: any TaskExecutor,
        logger: Logger, observer: (any PoolObserver)? = nil, totals: PoolTotals? = nil,
        jitter: @escaping @Sendable () -> Double = { .random(in: 0...0.05) }
    ) {
        self.driver = driver
        self.time = time
        self.executor = executor
        self.logger = logger
        self.observer = observer
        self.totals = totals
        self.jitter = jitter
        acquireTimeout = configuration.acquireTimeout
        allClosed = ClosedSignal(time: time, executor: executor)
        machine = Mutex(PoolStateMachine(configuration: configuration))
        publish(machine.withLock { $0.gauges })
    }

    deinit {
        totals?.replace(published.load(), by: PoolGauges())
        let remaining = machine.withLock { $0.occupancy }
        if remaining.total > 0 {
            logger.critical("a pool was dropped with open connections", metadata: ["occupancy": "\(remaining)"])
        }
    }

    /// The gauges and counters of this moment.
    public var statistics: PoolStatistics { decide { $0.statistics } }

    /// The gauges of the last transition. Takes no lock that an acquire waits for.
    public var gauges: PoolGauges { published.load() }

    /// Closes idle connections whose time is over, opens what is missing to the minimum, and reports leases that are
    /// out for too long. An owner calls it periodically; it starts the opens and closes and does not wait for them.
    public func maintain() {
        let now = time.now
        perform(decide { $0.maintain(now: now) })
    }

    /// Closes idle connections, and those in use or being opened after that use, until the minimum is left: a way to
    /// give file descriptors back. It starts the closes and does not wait for them.
    public func closeIdle() {
        perform(decide { $0.closeIdle() })
    }

    /// Changes the maximum, which is at least 1. Idle connections above it are closed at once, leased ones when they
    /// come back; until then there are more than the maximum.
    public func resize(maximum: Int) {
        precondition(maximum >= 1, "a pool needs room for at least one connection")
        let now = time.now
        perform(decide { $0.resize(maximum: maximum, now: now) })
    }

    /// Changes the maximum by `count`, as often at once as there are callers.
    public func grow(by count: Int) {
        let now = time.now
        perform(decide { $0.resize(maximum: $0.maximum + count, now: now) })
    }

    /// Runs one transition of the state machine.
    func decide<Outcome: Sendable>(_ transition: (inout PoolStateMachine<Waiter>) -> Outcome) -> Outcome {
        var unneeded: AlarmOrder?
        let outcome = machine.withLock { machine in
            let outcome = transition(&machine)
            publish(machine.gauges)
            unneeded = machine.takeUnneededAlarm()
            return outcome
        }
        if let unneeded { alarm.cancel(unneeded) }
        return outcome
    }

    /// Called under the machine's lock, so that what is taken out of the totals is what was put in last.
    private func publish(_ gauges: PoolGauges) {
        let previous = published.load()
        published.store(gauges)
        totals?.replace(previous, by: published.load())
    }
}
