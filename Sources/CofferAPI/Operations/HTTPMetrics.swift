import HTTPServer
import Metrics

/// Counts and times requests by route.
public final class HTTPMetrics: HTTPObserver {
    private let requests: CounterFamily
    private let seconds: HistogramFamily
    private let inFlight: Gauge

    /// Registers the metrics.
    public init(_ metrics: MetricsRegistry) {
        requests = metrics.counterFamily(
            "coffer_http_requests_total", help: "Requests answered, by route template, method and status.",
            labels: ["route", "method", "status"])
        seconds = metrics.histogramFamily(
            "coffer_http_request_seconds", help: "Requests, from the request line to the last byte sent.",
            labels: ["route"])
        inFlight = metrics.gauge("coffer_http_requests_in_flight", help: "Requests that are not over yet.")
    }

    /// Counts a request as being in flight.
    public func requestStarted() {
        inFlight.add(1)
    }

    /// Counts a request that is over. A method is a label only on a route, which knows its methods.
    public func requestFinished(_ request: FinishedRequest) {
        inFlight.add(-1)
        let route = request.route ?? "none"
        let method = request.route == nil ? "any" : request.method.rawValue
        requests.series(route, method, "\(request.status.rawValue)").increment()
        seconds.series(route).record(request.duration)
    }
}
