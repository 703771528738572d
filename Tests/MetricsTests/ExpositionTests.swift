import Metrics
import Testing

@Suite("The text of the metrics")
struct ExpositionTests {
    private func registry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        registry.counter("logins_total", help: "Logins, \"all\" of them,\nsince C:\\start.").increment(by: 3)
        registry.collect("engines", help: "Engines.", type: .gauge) { [MetricSample(0.25)] }
        let histogram = registry.histogram("wait_seconds", help: "Waits.", buckets: [0.00005, 0.5, 1])
        for value in [0.25, 0.75, 2] { histogram.record(value) }
        registry.collect("descriptors", help: "Descriptors.", type: .gauge, labels: ["class", "path"]) {
            [
                MetricSample(labels: ["main", "a \"quoted\"\\path\nin lines é"], 12),
                MetricSample(labels: ["", "x"], Double.nan), MetricSample(labels: ["socket", ""], -Double.infinity),
            ]
        }
        return registry
    }

    private let samples = """
        logins_total 3
        engines 0.25
        wait_seconds_bucket{le="5e-05"} 0
        wait_seconds_bucket{le="0.5"} 1
        wait_seconds_bucket{le="1.0"} 2
        wait_seconds_bucket{le="+Inf"} 3
        wait_seconds_sum 3
        wait_seconds_count 3
        descriptors{class="main",path="a \\"quoted\\"\\\\path\\nin lines é"} 12
        descriptors{class="",path="x"} NaN
        descriptors{class="socket",path=""} -Inf
        """

    private func split(_ registry: MetricsRegistry, _ format: MetricsFormat) -> (comments: [String], samples: String) {
        let lines = String(decoding: registry.render(format), as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines.filter { $0.hasPrefix("#") }, lines.filter { !$0.hasPrefix("#") }.joined(separator: "\n"))
    }

    @Test("Prometheus text names the counter with its suffix and leaves quotes in help alone")
    func prometheus() {
        let text = split(registry(), .prometheus)
        #expect(text.samples == samples)
        #expect(
            text.comments == [
                "# HELP logins_total Logins, \"all\" of them,\\nsince C:\\\\start.", "# TYPE logins_total counter",
                "# HELP engines Engines.", "# TYPE engines gauge",
                "# HELP wait_seconds Waits.", "# TYPE wait_seconds histogram",
                "# HELP descriptors Descriptors.", "# TYPE descriptors gauge",
            ])
    }

    @Test("OpenMetrics names the counter's family without its suffix, escapes quotes in help, and ends")
    func openMetrics() {
        let text = split(registry(), .openMetrics)
        #expect(text.samples == samples)
        #expect(text.comments.first == "# HELP logins Logins, \\\"all\\\" of them,\\nsince C:\\\\start.")
        #expect(text.comments.dropFirst().first == "# TYPE logins counter")
        #expect(text.comments.last == "# EOF")
        #expect(registry().render(.openMetrics).suffix(6) == Array("# EOF\n".utf8)[...])
    }

    @Test("An empty registry is an empty exposition")
    func empty() {
        #expect(MetricsRegistry().render(.prometheus).isEmpty)
        #expect(MetricsRegistry().render(.openMetrics) == Array("# EOF\n".utf8))
    }

    @Test(
        "The Accept header chooses the format",
        arguments: [
            (nil, .prometheus), ("", .prometheus), ("*/*", .prometheus), ("text/html", .prometheus),
            ("text/plain", .prometheus),
            ("application/openmetrics-text", .openMetrics),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("Application/OpenMetrics-Text;version=\"1.0.0\"", .openMetrics),
            ("application/openmetrics-text; version=0.0.1", .prometheus),
            ("application/openmetrics-text; version=2.0.0", .prometheus),
            ("application/openmetrics-text;q=0", .prometheus),
            ("application/openmetrics-text;q=x", .prometheus),
            ("application/openmetrics-text;q=0.4,text/plain;q=0.5", .prometheus),
            ("text/plain;q=0.5 , application/openmetrics-text ; q=0.5", .openMetrics),
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
                    + "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;q=0.4,"
                    + "text/plain;version=0.0.4;q=0.3,*/*;q=0.2", .openMetrics
            ),
            (",;=,;q,", .prometheus),
        ] as [(String?, MetricsFormat)])
    func negotiation(accept: String?, format: MetricsFormat) {
        #expect(MetricsFormat.preferred(accept: accept) == format)
    }

    @Test("The content types are those of the formats")
    func contentTypes() {
        #expect(MetricsFormat.prometheus.contentType == "text/plain; version=0.0.4; charset=utf-8")
        #expect(
            MetricsFormat.openMetrics.contentType == "application/openmetrics-text; version=1.0.0; charset=utf-8")
    }
}
