import Metrics
import Testing

@Suite("Other programs read the metrics")
struct ExternalReaderTests {
    /// One metric of every kind, with the hardest values.
    private func registry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        registry.registerProcessMetrics()
        registry.counter("coffer_connection_timeouts_total", help: "Acquires that \"timed out\" \\ gave up.\nTruly.")
            .increment(by: 2)
        let requests = registry.counterFamily(
            "coffer_http_requests_total", help: "Requests.", labels: ["route", "method", "status"])
        requests.series("/v1/sessions/{id}", "GET", "200").increment()
        requests.series("a \"quoted\"\\path\nin two lines é😀", "", "404").increment()
        registry.collect(
            "coffer_connections", help: "Connections.", type: .gauge, labels: ["pool_role", "state"]
        ) {
            [MetricSample(labels: ["reader", "idle"], -0.5), MetricSample(labels: ["writer", "leased"], 1e300)]
        }
        registry.histogram("coffer_reaper_duration_seconds", help: "Reaper.").record(0.0137)
        let times = registry.histogramFamily(
            "coffer_http_request_seconds", help: "Times.", labels: ["route"], initial: [["/metrics"]])
        for number in 0..<100 { times.series("/v1/query").record(Double(number) * 0.001) }
        registry.collect("coffer_build_info", help: "The build.", type: .gauge, labels: ["version"]) {
            [MetricSample(labels: ["1.0.0"], 1)]
        }
        registry.collect("coffer_descriptors", help: "Descriptors.", type: .gauge, labels: ["class"]) {
            let census = DescriptorCensus.take()
            return DescriptorCensus.Class.allCases.map { MetricSample(labels: [$0.rawValue], census[$0]) }
        }
        return registry
    }

    @Test("promtool finds nothing to complain about")
    func promtool() throws {
        let result = try ExternalTool.run(["promtool", "check", "metrics"], input: registry().render(.prometheus))
        #expect(result.output.isEmpty)
        #expect(result.status == 0)
    }

    @Test("promtool does complain about what is wrong")
    func promtoolNotices() throws {
        let result = try ExternalTool.run(["promtool", "check", "metrics"], input: Array("a_total{x=\"1} 1\n".utf8))
        #expect(result.status != 0)
    }

    @Test(
        "Python's client reads the same values from both formats", arguments: [MetricsFormat.prometheus, .openMetrics])
    func python(format: MetricsFormat) throws {
        let parser = format == .openMetrics ? "prometheus_client.openmetrics.parser" : "prometheus_client.parser"
        let program = """
            import sys
            from \(parser) import text_string_to_metric_families
            for family in text_string_to_metric_families(sys.stdin.buffer.read().decode()):
                if not family.documentation: raise ValueError(family.name)
                for sample in family.samples:
                    if family.name.startswith("coffer_"): print(family.type, sample.name, sample.labels, float(sample.value))
            """
        let result = try ExternalTool.run(["/usr/bin/python3", "-c", program], input: registry().render(format))
        #expect(result.status == 0, "\(result.output)")
        let lines = result.output.split(separator: "\n")
        for expected in [
            "counter coffer_connection_timeouts_total {} 2.0",
            "counter coffer_http_requests_total {'route': '/v1/sessions/{id}', 'method': 'GET', 'status': '200'} 1.0",
            #"counter coffer_http_requests_total {'route': 'a "quoted"\\path\nin two lines é😀', 'method': '', 'status': '404'} 1.0"#,
            "gauge coffer_connections {'pool_role': 'reader', 'state': 'idle'} -0.5",
            "gauge coffer_connections {'pool_role': 'writer', 'state': 'leased'} 1e+300",
            "histogram coffer_reaper_duration_seconds_bucket {'le': '0.01'} 0.0",
            "histogram coffer_reaper_duration_seconds_bucket {'le': '0.025'} 1.0",
            "histogram coffer_reaper_duration_seconds_sum {} 0.0137",
            "histogram coffer_http_request_seconds_count {'route': '/metrics'} 0.0",
            "histogram coffer_http_request_seconds_bucket {'route': '/v1/query', 'le': '0.05'} 51.0",
            "histogram coffer_http_request_seconds_bucket {'route': '/v1/query', 'le': '+Inf'} 100.0",
            "gauge coffer_build_info {'version': '1.0.0'} 1.0",
        ] {
            #expect(lines.contains(Substring(expected)), "\(expected)")
        }
    }
}
