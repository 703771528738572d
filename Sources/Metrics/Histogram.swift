import Synchronization
import Timekeeping

/// Counts observations by size. Recording is lock-free and never waits for a scrape.
///
/// Unchecked because of the pointer: it is set once, and what it points to is atomic.
public final class Histogram: @unchecked Sendable {
    /// Upper bounds for durations in seconds, 50 µs to 30 s, each 2 to 3 times the one before.
    public static let secondsBuckets: [Double] = [
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
        30,
    ]

    /// Upper bounds, inclusive and rising; one more bucket takes what lies above the last.
    let bounds: [Double]
    /// Of one stripe after the other.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let stripeCells: Int
    private let scraping = Mutex(())

    init(bounds: [Double]) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must rise")
        precondition(bounds.allSatisfy(\.isFinite), "the unbounded bucket is implied")
        self.bounds = bounds
        stripeCells = HistogramStripe.cellCount(buckets: bounds.count + 1)
        let count = Stripe.count * stripeCells
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Atomic<UInt64>>.stride, alignment: HistogramStripe.alignment)
        cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: Stripe.count * stripeCells)
        UnsafeMutableRawPointer(cells).deallocate()
    }

    /// Counts an observation, in the metric's unit. NaN belongs to no bucket and is ignored.
    public func record(_ value: Double) {
        guard !value.isNaN else { return }
        stripe(Stripe.current).record(value, bucket: bucket(of: value))
    }

    /// Counts a duration in seconds, to the nanosecond.
    public func record(_ duration: Duration) {
        // Twice as quick as by the duration's components.
        record(Double(duration.wholeNanoseconds) / 1e9)
    }

    /// Whole recordings: all that had ended when it was asked for, and of those that came meanwhile some.
    public var snapshot: Snapshot {
        scraping.withLock { _ in
            var counts = [Int](repeating: 0, count: bounds.count + 1)
            var sum = 0.0
            for index in 0..<Stripe.count { stripe(index).read(into: &counts, &sum) }
            return Snapshot(counts: counts, sum: sum)
        }
    }

    /// The state of a histogram.
    public struct Snapshot: Sendable, Equatable {
        /// Observations per bucket, not cumulative; the last is the one without an upper bound.
        public let counts: [Int]
        /// The sum of all observations.
        public let sum: Double
        /// The number of all observations.
        public var count: Int { counts.reduce(0, +) }
    }

    func stripe(_ index: Int) -> HistogramStripe {
        HistogramStripe(cells + index * stripeCells, buckets: bounds.count + 1)
    }

    /// The first bucket whose bound is not below the value. Bounds are few, and those of durations mostly lie below the
    /// first few.
    private func bucket(of value: Double) -> Int {
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }
}
