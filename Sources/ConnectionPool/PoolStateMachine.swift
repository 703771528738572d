import Timekeeping

/// Everything that a pool decides, as a value: no lock, no task, no clock.
///
/// Each transition gets the time, changes the state, and returns what is to be done about it after the lock has been
/// left. `Waiter` is whatever stands for a waiting acquire; the machine only keeps it and hands it back.
struct PoolStateMachine<Waiter: Sendable> {
    typealias Action = PoolAction<Waiter>

    enum Lifecycle {
        case open  // → closing, closed
        case closing  // → closed
        case closed
    }

    // What each lease of an idle connection touches comes first, in as few lines of the cache as it takes.
    var lifecycle = Lifecycle.open
    /// All slots that are not vacant, by phase; a check and a reset count as leased.
    var idle = 0
    var leased = 0
    var opening = 0
    var closing = 0
    var suspectedLeaks = 0
    var maximum: Int
    var slots: [PoolSlot] = []
    /// The slot that became idle last: the first of the list that ``PoolSlot/Phase/idle(since:before:)`` goes on with.
    var latestIdle: Int?
    var waiters = WaiterQueue<Waiter>()
    /// When ``ring(_:now:)`` will be called; `nil` if it is not needed.
    var alarm: AlarmOrder?
    var lastLeaseNumber: UInt64 = 0
    let limits: PoolLimits
    var vacantSlots: [Int] = []
    /// The most slots there may be: the maximum or, after it was lowered below what was there, exactly what is left.
    var ceiling: Int
    var lastSerial: UInt64 = 0
    var lastAlarmNumber: UInt64 = 0
    var lastOpenError: (any Error)?
    /// Without the acquisitions, which are numbered.
    var counters = PoolCounters()

    init(configuration: PoolConfiguration) {
        limits = PoolLimits(configuration)
        maximum = configuration.maximum
        ceiling = configuration.maximum
    }

    /// Slots that are counted: from before an open begins until the close has returned.
    var occupiedSlots: Int { idle + leased + opening + closing }

    /// Connections that are there to stay, or will be.
    var live: Int { idle + leased + opening }

    var occupancy: PoolOccupancy {
        var occupancy = PoolOccupancy()
        occupancy.idle = idle
        occupancy.leased = leased
        occupancy.opening = opening
        occupancy.closing = closing
        occupancy.waiting = waiters.count
        occupancy.maximum = maximum
        return occupancy
    }

    /// What others see. A pool that closes has room for no connection.
    var gauges: PoolGauges {
        var gauges = PoolGauges()
        gauges.occupancy = occupancy
        if lifecycle != .open { gauges.occupancy.maximum = 0 }
        gauges.suspectedLeaks = suspectedLeaks
        return gauges
    }

    var statistics: PoolStatistics {
        var statistics = PoolStatistics()
        statistics.occupancy = occupancy
        statistics.suspectedLeaks = suspectedLeaks
        statistics.counters = counters
        statistics.counters.acquisitions = Int(lastLeaseNumber)
        return statistics
    }
}

/// A configuration in the units of the clock, so that the common path divides nothing.
struct PoolLimits {
    let checkAfterIdle: Int64
    let minimum: Int
    let queueLimit: Int
    let idleTimeout: Int64
    let lifetime: Int64
    let leakThreshold: Int64
    let openPatience: Int64

    init(_ configuration: PoolConfiguration) {
        minimum = configuration.minimum
        queueLimit = configuration.queueLimit
        checkAfterIdle = configuration.checkAfterIdle.wholeNanoseconds
        idleTimeout = configuration.idleTimeout.wholeNanoseconds
        lifetime = configuration.lifetime.wholeNanoseconds
        leakThreshold = configuration.leakThreshold.wholeNanoseconds
        openPatience = configuration.openPatience.wholeNanoseconds
    }
}
