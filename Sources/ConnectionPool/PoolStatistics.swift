/// What a pool holds at one moment. Adding two gives the state of both pools together.
public struct PoolOccupancy: Sendable, Equatable {
    /// Open connections that nobody uses.
    public var idle = 0
    /// Connections in use: by a holder, by a health check, or by the reset that follows a use.
    public var leased = 0
    /// Connections whose open has begun and not ended.
    public var opening = 0
    /// Connections whose close has begun, or is about to begin, and not ended.
    public var closing = 0
    /// Acquires that wait for a connection.
    public var waiting = 0
    /// Connections that may be open at once.
    public var maximum = 0

    /// Makes an empty occupancy.
    public init() {}

    /// Connections that are counted: from before their open began until their close has returned.
    public var total: Int { idle + leased + opening + closing }

    /// Adds another pool's state.
    public static func += (left: inout PoolOccupancy, right: PoolOccupancy) {
        left.idle += right.idle
        left.leased += right.leased
        left.opening += right.opening
        left.closing += right.closing
        left.waiting += right.waiting
        left.maximum += right.maximum
    }
}

extension PoolOccupancy: CustomStringConvertible {
    /// All numbers in one line, for logs and errors.
    public var description: String {
        "total \(total), idle \(idle), leased \(leased), opening \(opening), closing \(closing), waiting \(waiting), "
            + "maximum \(maximum)"
    }
}

/// What a pool has done so far. An owner keeps those of retired pools by adding them to its own.
public struct PoolCounters: Sendable, Equatable {
    /// Leases given.
    public var acquisitions = 0
    /// Connections opened.
    public var opens = 0
    /// Opens that failed.
    public var openFailures = 0
    /// Opens that the driver refused for want of room.
    public var opensRefused = 0
    /// Closes that have ended, those that failed included: `opens - closes` connections are open.
    public var closes = 0
    /// Closes that ended with an error.
    public var closeFailures = 0
    /// Acquires that reached their deadline.
    public var timeouts = 0
    /// Acquires refused because the queue was full.
    public var queueRefusals = 0
    /// Acquires cancelled while they waited.
    public var cancellations = 0
    /// Leases that became old enough to be suspected leaks.
    public var leaks = 0
    /// Closed connections by the reason they were closed for.
    public var evictions: [EvictionReason: Int] = [:]

    /// Makes counters at zero.
    public init() {}

    /// Adds what another pool has done.
    public static func += (left: inout PoolCounters, right: PoolCounters) {
        left.acquisitions += right.acquisitions
        left.opens += right.opens
        left.openFailures += right.openFailures
        left.opensRefused += right.opensRefused
        left.closes += right.closes
        left.closeFailures += right.closeFailures
        left.timeouts += right.timeouts
        left.queueRefusals += right.queueRefusals
        left.cancellations += right.cancellations
        left.leaks += right.leaks
        left.evictions.merge(right.evictions, uniquingKeysWith: +)
    }
}

/// A pool's gauges and counters, all of one moment.
public struct PoolStatistics: Sendable, Equatable {
    /// What the pool holds.
    public var occupancy = PoolOccupancy()
    /// Leases that are out now and older than the leak threshold.
    public var suspectedLeaks = 0
    /// What the pool has done.
    public var counters = PoolCounters()

    /// Makes empty statistics.
    public init() {}

    /// Adds another pool's statistics.
    public static func += (left: inout PoolStatistics, right: PoolStatistics) {
        left.occupancy += right.occupancy
        left.suspectedLeaks += right.suspectedLeaks
        left.counters += right.counters
    }
}
