import Synchronization
import Testing

@testable import Metrics

@Suite("Histograms")
struct HistogramTests {
    private func histogram(_ bounds: [Double]) -> Histogram {
        MetricsRegistry().histogram("size_bytes", help: "Sizes.", buckets: bounds)
    }

    @Test("An observation falls into the first bucket whose bound is not below it")
    func buckets() {
        let histogram = histogram([1, 2, 5])
        for value in [-1, 0, 1, 1.000001, 2, 3, 5, 5.1, .infinity] { histogram.record(value) }
        #expect(histogram.snapshot.counts == [3, 2, 2, 2])
        #expect(histogram.snapshot.count == 9)
        #expect(histogram.snapshot.sum == .infinity)
    }

    @Test("Durations are recorded in seconds, and NaN not at all")
    func durations() {
        let histogram = histogram(Histogram.secondsBuckets)
        histogram.record(.nan)
        #expect(histogram.snapshot.count == 0)
        histogram.record(Duration.milliseconds(250))
        histogram.record(Duration.seconds(60))
        #expect(histogram.snapshot.sum == 60.25)
        #expect(histogram.snapshot.counts.last == 1)
        #expect(histogram.snapshot.counts[Histogram.secondsBuckets.firstIndex(of: 0.25) ?? 0] == 1)
    }

    @Test("The default bounds for durations rise from 50 µs to 30 s in steps of at most 3")
    func defaultBounds() {
        let bounds = Histogram.secondsBuckets
        #expect(bounds.first == 0.00005)
        #expect(bounds.last == 30)
        #expect(zip(bounds, bounds.dropFirst()).allSatisfy { 1 < $1 / $0 && $1 / $0 <= 3 })
    }

    @Test("Reading again and again keeps everything")
    func repeatedSnapshots() {
        let histogram = histogram([10])
        for round in 1...5 {
            histogram.record(4)
            let snapshot = histogram.snapshot
            #expect(snapshot.counts == [round, 0])
            #expect(snapshot.sum == 4 * Double(round))
        }
    }

    @Test("What the stripes hold adds up, and none reaches into another", arguments: [1, 2, 5, 6, 7, 18])
    func stripes(boundCount: Int) {
        let histogram = histogram((1...boundCount).map(Double.init))
        for index in 0..<Stripe.count {
            for bucket in 0...boundCount {
                for _ in 0...index { histogram.stripe(index).record(0.5, bucket: bucket) }
            }
        }
        // Each reading swaps the halves.
        for _ in 0..<3 {
            #expect(histogram.snapshot.counts == Array(repeating: 1 + 2 + 3 + 4, count: boundCount + 1))
            #expect(histogram.snapshot.sum == 5 * Double(boundCount + 1))
        }
    }

    @Test("Sum and count agree in every scrape, however many threads record and scrape meanwhile")
    func consistency() async {
        let histogram = histogram([1, 4])
        let recorders = 4
        let running = Running(recorders)
        let record: @Sendable () -> Void = {
            for _ in 0..<50_000 { histogram.record(2) }
            running.count.subtract(1, ordering: .relaxed)
        }
        let scrape: @Sendable () -> Void = {
            var last = 0
            repeat {
                let snapshot = histogram.snapshot
                #expect(snapshot.sum == 2 * Double(snapshot.count))
                #expect(snapshot.counts == [0, snapshot.count, 0])
                #expect(snapshot.count >= last)
                last = snapshot.count
            } while running.count.load(ordering: .relaxed) > 0
        }
        await concurrently(Array(repeating: record, count: recorders) + [scrape, scrape])
        #expect(histogram.snapshot.count == recorders * 50_000)
    }
}

private final class Running: Sendable {
    let count: Atomic<Int>

    init(_ count: Int) {
        self.count = Atomic(count)
    }
}
