import HTTPServer
import Metrics

/// Counts and times requests by route.
public final class HTTPMetrics: HTTPObserver {
    private let requests: CounterFamily
    private let seconds: HistogramFamily
    private let inFlight: Gauge

    /// What took no route.
    private static let noRoute = "none"

    /// Registers the metrics. Those of `routes`, which are templates, exist from the start; how often a route is answered
    /// with which status is known only when it happens.
    public init(_ metrics: MetricsRegistry, routes: Set<String>) {
        requests = metrics.counterFamily(
            "coffer_http_requests_total", help: "Requests answered, by route template, method and status.",
            labels: ["route", "method", "status"])
        seconds = metrics.histogramFamily(
            "coffer_http_request_seconds", help: "Requests, from the request line to the last byte sent.",
            labels: ["route"], initial: (routes.sorted() + [Self.noRoute]).map { [$0] })
        inFlight = metrics.gauge("coffer_http_requests_in_flight", help: "Requests that are not over yet.")
    }

    /// Counts a request as being in flight.
    public func requestStarted() {
        inFlight.add(1)
    }

    /// Counts a request that is over. A method is a label only on a route, which knows its methods.
    public func requestFinished(_ request: FinishedRequest) {
        inFlight.add(-1)
        let route = request.route ?? Self.noRoute
        let method = request.route == nil ? "any" : request.method.rawValue
        requests.series(route, method, "\(request.status.rawValue)").increment()
        seconds.series(route).record(request.duration)
    }
}
