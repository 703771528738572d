import Glibc
import Synchronization
import Timekeeping

/// Counts observations by size. Recording is lock-free and never waits for a scrape.
///
/// All numbers exist twice, hot and cold. A recording first raises the number of those that have started, whose top bit
/// says which half is hot, then adds to that half's sum, and last to a bucket. A scrape swaps the halves, waits until
/// every recording that began in the now cold half is in one of its buckets, reads it, and adds it to the hot one. So a
/// scrape sees whole recordings only: sum, count and buckets agree.
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
    /// The number of recordings, then in each half the sum and the buckets. The first cache line has the number and all
    /// that the first half tells of short durations, and the second half begins another line: threads that record at
    /// the same time take few lines from each other.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let scraping = Mutex(())

    init(bounds: [Double]) {
        precondition(!bounds.isEmpty && zip(bounds, bounds.dropFirst()).allSatisfy(<), "bounds must rise")
        precondition(bounds.allSatisfy(\.isFinite), "the unbounded bucket is implied")
        self.bounds = bounds
        let count = 1 + 2 * Self.halfCount(bounds)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: count * MemoryLayout<Atomic<UInt64>>.stride, alignment: Self.lineCells * 8)
        cells = memory.bindMemory(to: Atomic<UInt64>.self, capacity: count)
        for index in 0..<count { (cells + index).initialize(to: Atomic(0)) }
    }

    deinit {
        cells.deinitialize(count: 1 + 2 * Self.halfCount(bounds))
        UnsafeMutableRawPointer(cells).deallocate()
    }

    /// Counts an observation, in the metric's unit. NaN belongs to no bucket and is ignored.
    public func record(_ value: Double) {
        guard !value.isNaN else { return }
        let bucket = bucket(of: value)
        let hot = half(cells[0].wrappingAdd(1, ordering: .acquiringAndReleasing).newValue >> 63)
        hot[0].addDouble(value)
        hot[1 + bucket].wrappingAdd(1, ordering: .releasing)
    }

    /// Counts a duration in seconds, to the nanosecond.
    public func record(_ duration: Duration) {
        // Twice as quick as by the duration's components.
        record(Double(duration.wholeNanoseconds) / 1e9)
    }

    /// What was recorded up to one moment.
    public var snapshot: Snapshot {
        scraping.withLock { _ in
            let mark = cells[0].wrappingAdd(1 << 63, ordering: .acquiringAndReleasing).newValue
            let cold = half(~mark >> 63)
            let hot = half(mark >> 63)
            while count(in: cold) != mark & ~(1 << 63) { sched_yield() }
            let counts = (0...bounds.count).map { Int(cold[1 + $0].load(ordering: .relaxed)) }
            let sum = Double(bitPattern: cold[0].load(ordering: .relaxed))
            hot[0].addDouble(sum)
            for index in 0...bounds.count {
                hot[1 + index].wrappingAdd(UInt64(counts[index]), ordering: .relaxed)
                cold[1 + index].store(0, ordering: .relaxed)
            }
            cold[0].store(0, ordering: .relaxed)
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
    /// Cells in a cache line.
    private static let lineCells = 8

    /// The sum and the buckets, and as many cells more as let the other half begin in another line.
    private static func halfCount(_ bounds: [Double]) -> Int {
        (bounds.count + 2 + lineCells) / lineCells * lineCells
    }

    /// The sum, and behind it the buckets.
    private func half(_ index: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        cells + 1 + Int(index) * Self.halfCount(bounds)
    }

    /// The recordings that are in a half's buckets, and with them in its sum.
    private func count(in half: UnsafeMutablePointer<Atomic<UInt64>>) -> UInt64 {
        (0...bounds.count).reduce(0) { $0 + half[1 + $1].load(ordering: .acquiring) }
    }

    /// The first bucket whose bound is not below the value. Bounds are few, and those of durations mostly lie below the
    /// first few.
    private func bucket(of value: Double) -> Int {
        bounds.firstIndex { value <= $0 } ?? bounds.count
    }
}

extension Atomic<UInt64> {
    /// Adds to the double whose bit pattern this is.
    fileprivate func addDouble(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}
