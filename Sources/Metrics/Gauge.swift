import Synchronization

/// A number that rises and falls. Recording is lock-free.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)

    init() {}

    /// Replaces the value.
    public func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    /// Replaces the value; exact up to 2^53.
    public func set(_ value: Int) {
        set(Double(value))
    }

    /// Adds to the value; `amount` may be negative.
    public func add(_ amount: Double) {
        bits.addDouble(amount)
    }

    /// Adds to the value; `amount` may be negative.
    public func add(_ amount: Int) {
        add(Double(amount))
    }

    /// The value now.
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

extension Atomic<UInt64> {
    /// Adds to the double whose bit pattern this is.
    func addDouble(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
