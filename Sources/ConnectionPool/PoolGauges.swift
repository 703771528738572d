import Synchronization

/// What a pool holds, for those who only look. Adding two gives the gauges of both pools together.
public struct PoolGauges: Sendable, Equatable {
    /// What the pool holds; each number is cut at the room it is published in, beyond four thousand connections.
    public var occupancy = PoolOccupancy()
    /// Leases that are out now and older than the leak threshold.
    public var suspectedLeaks = 0

    /// Makes empty gauges.
    public init() {}

    /// Adds another pool's gauges.
    public static func += (left: inout PoolGauges, right: PoolGauges) {
        left.occupancy += right.occupancy
        left.suspectedLeaks += right.suspectedLeaks
    }
}

/// The gauges of the last transition, readable without the pool's lock: a scrape makes no request wait.
///
/// The numbers that belong together lie in one word, so that they are of one moment.
struct PublishedGauges: ~Copyable, Sendable {
    private let packed = Atomic<UInt64>(0)
    private let maximum = Atomic(0)
    private let suspectedLeaks = Atomic(0)

    func store(_ gauges: PoolGauges) {
        let occupancy = gauges.occupancy
        packed.store(
            Self.cut(occupancy.idle, 12) | Self.cut(occupancy.leased, 12) << 12 | Self.cut(occupancy.opening, 12) << 24
                | Self.cut(occupancy.closing, 12) << 36 | Self.cut(occupancy.waiting, 16) << 48, ordering: .relaxed)
        maximum.store(occupancy.maximum, ordering: .relaxed)
        suspectedLeaks.store(gauges.suspectedLeaks, ordering: .relaxed)
    }

    func load() -> PoolGauges {
        let word = packed.load(ordering: .relaxed)
        var gauges = PoolGauges()
        gauges.occupancy.idle = Int(word & 0xFFF)
        gauges.occupancy.leased = Int(word >> 12 & 0xFFF)
        gauges.occupancy.opening = Int(word >> 24 & 0xFFF)
        gauges.occupancy.closing = Int(word >> 36 & 0xFFF)
        gauges.occupancy.waiting = Int(word >> 48)
        gauges.occupancy.maximum = maximum.load(ordering: .relaxed)
        gauges.suspectedLeaks = suspectedLeaks.load(ordering: .relaxed)
        return gauges
    }

    private static func cut(_ number: Int, _ width: Int) -> UInt64 {
        UInt64(min(number, 1 << width - 1))
    }
}
