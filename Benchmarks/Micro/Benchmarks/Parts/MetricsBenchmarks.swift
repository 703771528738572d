import Benchmark
import Metrics

func metricsBenchmarks() {
    let registry = MetricsRegistry()
    let counters = registry.counterFamily(
        "requests_total", help: "Requests.", labels: ["route", "method", "status"])
    let histograms = registry.histogramFamily("request_seconds", help: "Duration of requests.", labels: ["route"])
    let routes = (0..<60).map { "/v1/route-\($0)" }
    for route in routes {
        for status in ["200", "400", "401", "503"] { counters.series(route, "POST", status).increment() }
        histograms.series(route).record(0.001)
    }
    let counter = counters.series(routes[30], "POST", "200")
    Benchmark("metrics: a counter") { benchmark in
        for _ in benchmark.scaledIterations { counter.increment() }
    }
    Benchmark("metrics: a counter found by its labels") { benchmark in
        for _ in benchmark.scaledIterations { counters.series(routes[30], "POST", "200").increment() }
    }
    let histogram = histograms.series(routes[30])
    Benchmark("metrics: a histogram") { benchmark in
        for _ in benchmark.scaledIterations { histogram.record(.microseconds(250)) }
    }
    Benchmark("metrics: a scrape of 240 counters and 60 histograms", configuration: .init(scalingFactor: .one)) {
        for _ in $0.scaledIterations { blackHole(registry.render(.prometheus)) }
    }
}
