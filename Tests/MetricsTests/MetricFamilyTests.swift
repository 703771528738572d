import Metrics
import Testing

@Suite("Families of series")
struct MetricFamilyTests {
    private func lines(_ registry: MetricsRegistry) -> [String] {
        String(decoding: registry.render(.prometheus), as: UTF8.self).split(separator: "\n").map(String.init)
            .filter { !$0.hasPrefix("#") }
    }

    @Test("Series with known labels exist from the start, at 0")
    func initialSeries() {
        let registry = MetricsRegistry()
        let family = registry.counterFamily(
            "logins_total", help: "Logins.", labels: ["result"], initial: [["ok"], ["refused"]])
        #expect(lines(registry) == ["logins_total{result=\"ok\"} 0", "logins_total{result=\"refused\"} 0"])
        family.series("refused").increment()
        #expect(lines(registry) == ["logins_total{result=\"ok\"} 0", "logins_total{result=\"refused\"} 1"])
    }

    @Test("The same labels give the same series; a label's place matters")
    func identity() {
        let family = MetricsRegistry().counterFamily("things_total", help: "Things.", labels: ["a", "b"])
        #expect(family.series("x", "y") === family.series("x", "y"))
        #expect(family.series("x", "y") !== family.series("y", "x"))
        #expect(family.series("xy", "") !== family.series("x", "y"))
    }

    @Test("New labels past the maximum share one series, and the known ones keep counting")
    func boundedCardinality() {
        let registry = MetricsRegistry()
        let family = registry.counterFamily(
            "requests_total", help: "Requests.", labels: ["route", "method", "status"], initial: [["/", "GET", "200"]],
            maximumSeries: 3)
        for number in 0..<100 { family.series("/\(number)", "GET", "404").increment() }
        family.series("/", "GET", "200").increment(by: 7)
        family.series("/0", "GET", "404").increment()
        #expect(
            lines(registry) == [
                "requests_total{route=\"/\",method=\"GET\",status=\"200\"} 7",
                "requests_total{route=\"/0\",method=\"GET\",status=\"404\"} 2",
                "requests_total{route=\"/1\",method=\"GET\",status=\"404\"} 1",
                "requests_total{route=\"other\",method=\"other\",status=\"other\"} 98",
            ])
    }

    @Test("A series that is really called other is not listed twice")
    func genuineOther() {
        let registry = MetricsRegistry()
        let family = registry.counterFamily("things_total", help: "Things.", labels: ["kind"], maximumSeries: 1)
        family.series("other").increment()
        family.series("new").increment()
        #expect(lines(registry) == ["things_total{kind=\"other\"} 2"])
    }

    @Test("Threads that ask for a new series at once get the same one, and scrapes go on")
    func concurrency() async {
        let registry = MetricsRegistry()
        let family = registry.histogramFamily("work_seconds", help: "Work.", labels: ["route"], buckets: [1])
        let record: @Sendable () -> Void = {
            for number in 0..<2_000 { family.series("/\(number % 100)").record(0.5) }
        }
        let scrape: @Sendable () -> Void = { for _ in 0..<20 { _ = registry.render(.openMetrics) } }
        await concurrently(Array(repeating: record, count: 4) + [scrape])
        let counts = lines(registry).filter { $0.hasPrefix("work_seconds_count") }
        #expect(counts.count == 100)
        #expect(counts.allSatisfy { $0.hasSuffix(" 80") })
    }
}
