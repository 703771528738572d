import Metrics
import Testing

@Suite("Counters and gauges")
struct InstrumentTests {
    @Test("A counter counts what many threads record at once")
    func counter() async {
        let counter = MetricsRegistry().counter("things_total", help: "Things.")
        await concurrently(Array(repeating: { for _ in 0..<10_000 { counter.increment() } }, count: 8))
        counter.increment(by: 5)
        #expect(counter.value == 80_005)
    }

    @Test("A gauge takes and adds, and loses nothing that many threads add at once")
    func gauge() async {
        let gauge = MetricsRegistry().gauge("things", help: "Things.")
        gauge.set(3)
        gauge.add(-5)
        #expect(gauge.value == -2)
        gauge.set(0.5)
        let rise: @Sendable () -> Void = {
            for _ in 0..<10_000 {
                gauge.add(2)
                gauge.add(-1)
            }
        }
        await concurrently(Array(repeating: rise, count: 8))
        #expect(gauge.value == 80_000.5)
    }
}
