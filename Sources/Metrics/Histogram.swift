import Glibc
import Synchronization
import Timekeeping

/// Counts observations by size. Recording is lock-free and never waits for a scrape.
///
/// All numbers exist twice, hot and cold. A recording first raises `started`, whose top bit says which half is hot,
/// then writes into that half, and last raises the half's `finished`. A scrape swaps the halves, waits until every
/// recording that began in the now cold half has finished, reads it, and adds it to the hot one. So a scrape sees
/// whole recordings only: sum, count and buckets agree.
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
    private let started = Atomic<UInt64>(0)
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let scraping = Mutex(())

    init(bounds: [Double]) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must rise")
        precondition(bounds.allSatisfy(\.isFinite), "the unbounded bucket is implied")
        self.bounds = bounds
        let count = 2 * Self.cellCount(bounds)
        cells = .allocate(capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: 2 * Self.cellCount(bounds))
        cells.deallocate()
    }

    /// Counts an observation, in the metric's unit. NaN belongs to no bucket and is ignored.
    public func record(_ value: Double) {
        guard !value.isNaN else { return }
        let hot = half(started.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue >> 63)
        hot[bucket(of: value)].wrappingAdd(1, ordering: .relaxed)
        hot[sumIndex].addDouble(value)
        hot[finishedIndex].wrappingAdd(1, ordering: .releasing)
    }

    /// Counts a duration in seconds, to the nanosecond.
    public func record(_ duration: Duration) {
        // Twice as quick as by the duration's components.
        record(Double(duration.wholeNanoseconds) / 1e9)
    }

    /// What was recorded up to one moment.
    public var snapshot: Snapshot {
        scraping.withLock { _ in
            let mark = started.wrappingAdd(1 << 63, ordering: .acquiringAndReleasing).newValue
            let cold = half(~mark >> 63)
            let hot = half(mark >> 63)
            let count = mark & ~(1 << 63)
            while cold[finishedIndex].load(ordering: .acquiring) != count { sched_yield() }
            let counts = (0...bounds.count).map { Int(cold[$0].load(ordering: .relaxed)) }
            let sum = Double(bitPattern: cold[sumIndex].load(ordering: .relaxed))
            for (index, count) in counts.enumerated() { hot[index].wrappingAdd(UInt64(count), ordering: .relaxed) }
            hot[sumIndex].addDouble(sum)
            hot[finishedIndex].wrappingAdd(count, ordering: .relaxed)
            for index in 0..<Self.cellCount(bounds) { cold[index].store(0, ordering: .relaxed) }
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
}

extension Histogram {
    private static func cellCount(_ bounds: [Double]) -> Int { bounds.count + 3 }
    private var sumIndex: Int { bounds.count + 1 }
    private var finishedIndex: Int { bounds.count + 2 }

    private func half(_ index: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        cells + Int(index) * Self.cellCount(bounds)
    }

    /// The first bucket whose bound is not below the value. Bounds are few, and those of durations mostly lie below the first few.
    private func bucket(of value: Double) -> Int {
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }
}
