import Metrics
import Testing

@Suite("Counters")
struct CounterTests {
    @Test("A counter counts what many threads record at once")
    func counter() async {
        let counter = MetricsRegistry().counter("things_total", help: "Things.")
        await concurrently(Array(repeating: { for _ in 0..<10_000 { counter.increment() } }, count: 8))
        counter.increment(by: 5)
        #expect(counter.value == 80_005)
    }
}
