import Glibc
import Synchronization

/// What the threads of a few processors have recorded in a histogram. It lies in the histogram's memory.
///
/// All numbers exist twice, hot and cold. A recording first raises the number of those that have started, whose top bit
/// says which half is hot, then adds to that half's sum, and last to a bucket. A scrape swaps the halves, waits until
/// every recording that began in the now cold half is in one of its buckets, reads it, and adds it to the hot one. So a
/// scrape sees whole recordings only: sum, count and buckets agree.
struct HistogramStripe {
    private static let swap: UInt64 = 1 << 63
    private static let lineCells = 8

    /// Of the cells, in bytes.
    static let alignment = lineCells * MemoryLayout<Atomic<UInt64>>.stride

    /// The number of recordings, then in each half the sum and the buckets. The first cache line has the number and all
    /// that the first half tells of short durations, and the second half begins another line, as the next stripe does:
    /// threads that record at the same time take few lines from each other.
    private let cells: UnsafeMutablePointer<Atomic<UInt64>>
    private let bucketCount: Int

    /// - Parameter cells: ``cellCount(buckets:)`` of them, which begin with 0.
    init(_ cells: UnsafeMutablePointer<Atomic<UInt64>>, buckets: Int) {
        self.cells = cells
        bucketCount = buckets
    }

    /// The cells of a stripe with so many buckets: whole cache lines. A half has one more than it needs, and the second
    /// half's is where the number before the first one has moved it to.
    static func cellCount(buckets: Int) -> Int {
        2 * halfCount(buckets)
    }

    func record(_ value: Double, bucket: Int) {
        let hot = half(cells[0].wrappingAdd(1, ordering: .acquiringAndReleasing).newValue >> 63)
        hot[0].addDouble(value)
        hot[1 + bucket].wrappingAdd(1, ordering: .releasing)
    }

    /// Adds what was recorded up to one moment. One scrape at a time.
    func read(into counts: inout [Int], _ sum: inout Double) {
        // Most stripes are empty, and to swap their halves would fetch their lines.
        guard cells[0].load(ordering: .relaxed) & ~Self.swap != 0 else { return }
        let mark = cells[0].wrappingAdd(Self.swap, ordering: .acquiringAndReleasing).newValue
        let cold = half(~mark >> 63)
        let hot = half(mark >> 63)
        while count(in: cold) != mark & ~Self.swap { sched_yield() }
        let part = Double(bitPattern: cold[0].load(ordering: .relaxed))
        sum += part
        hot[0].addDouble(part)
        cold[0].store(0, ordering: .relaxed)
        for bucket in 0..<bucketCount {
            let count = cold[1 + bucket].load(ordering: .relaxed)
            counts[bucket] += Int(count)
            hot[1 + bucket].wrappingAdd(count, ordering: .relaxed)
            cold[1 + bucket].store(0, ordering: .relaxed)
        }
    }

    /// The sum and the buckets, and as many cells more as let the other half begin in another line.
    private static func halfCount(_ buckets: Int) -> Int {
        (buckets + 1 + lineCells) / lineCells * lineCells
    }

    /// The sum, and behind it the buckets.
    private func half(_ index: UInt64) -> UnsafeMutablePointer<Atomic<UInt64>> {
        cells + 1 + Int(index) * Self.halfCount(bucketCount)
    }

    /// The recordings that are in a half's buckets, and with them in its sum.
    private func count(in half: UnsafeMutablePointer<Atomic<UInt64>>) -> UInt64 {
        (0..<bucketCount).reduce(0) { $0 + half[1 + $1].load(ordering: .acquiring) }
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
