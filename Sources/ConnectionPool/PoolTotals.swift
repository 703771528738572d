import Synchronization

/// The gauges of several pools, added up by the pools themselves at each transition: reading them takes as long for
/// thousands of pools as for one.
///
/// Two numbers share a word, so that a transition that moves a connection from one to the other is a single addition.
public final class PoolTotals: Sendable {
    private let idleAndLeased = Atomic<UInt64>(0)
    private let openingAndClosing = Atomic<UInt64>(0)
    private let waitingAndLeaks = Atomic<UInt64>(0)
    private let maximum = Atomic(0)

    /// Makes totals of no pool.
    public init() {}

    /// What the pools hold now.
    public var gauges: PoolGauges {
        var gauges = PoolGauges()
        (gauges.occupancy.idle, gauges.occupancy.leased) = Self.numbers(in: idleAndLeased)
        (gauges.occupancy.opening, gauges.occupancy.closing) = Self.numbers(in: openingAndClosing)
        (gauges.occupancy.waiting, gauges.suspectedLeaks) = Self.numbers(in: waitingAndLeaks)
        gauges.occupancy.maximum = maximum.load(ordering: .relaxed)
        return gauges
    }

    /// Takes out what a pool has put in, and puts in what it holds instead.
    func replace(_ old: PoolGauges, by new: PoolGauges) {
        let (old, oldLeaks, new, newLeaks) = (old.occupancy, old.suspectedLeaks, new.occupancy, new.suspectedLeaks)
        Self.add(Self.word(new.idle, new.leased) &- Self.word(old.idle, old.leased), to: idleAndLeased)
        Self.add(Self.word(new.opening, new.closing) &- Self.word(old.opening, old.closing), to: openingAndClosing)
        Self.add(Self.word(new.waiting, newLeaks) &- Self.word(old.waiting, oldLeaks), to: waitingAndLeaks)
        if new.maximum != old.maximum { maximum.wrappingAdd(new.maximum - old.maximum, ordering: .relaxed) }
    }

    /// A difference whose lower number falls borrows from the upper one; both are right again in the sum.
    private static func word(_ lower: Int, _ upper: Int) -> UInt64 {
        UInt64(lower) | UInt64(upper) << 32
    }

    private static func add(_ difference: UInt64, to word: borrowing Atomic<UInt64>) {
        if difference != 0 { word.wrappingAdd(difference, ordering: .relaxed) }
    }

    private static func numbers(in word: borrowing Atomic<UInt64>) -> (lower: Int, upper: Int) {
        let word = word.load(ordering: .relaxed)
        return (Int(word & 0xFFFF_FFFF), Int(word >> 32))
    }
}
