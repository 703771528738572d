import HTTPServer
import Metrics

/// Counts and times requests by route.
public final class HTTPMetrics: HTTPObserver {
    /// By the numbers of the routes.
    private let routes: [RouteMetrics]
    private let unrouted: RouteMetrics

    /// What took no route.
    private static let noRoute = "none"

    /// Registers the metrics. Those of `routes`, the templates of the router whose server this observes, exist from the
    /// start; how often a route is answered with which status is known only when it happens.
    public init(_ metrics: MetricsRegistry, routes: [String]) {
        let requests = metrics.counterFamily(
            "coffer_http_requests_total", help: "Requests answered, by route template, method and status.",
            labels: ["route", "method", "status"])
        let seconds = metrics.histogramFamily(
            "coffer_http_request_seconds", help: "Requests, from the request line to the last byte sent.",
            labels: ["route"], initial: (Set(routes).sorted() + [Self.noRoute]).map { [$0] })
        self.routes = routes.map { RouteMetrics($0, requests: requests, seconds: seconds.series($0)) }
        unrouted = RouteMetrics(Self.noRoute, requests: requests, seconds: seconds.series(Self.noRoute))
    }

    /// Registers the metrics of a server's present state.
    public static func registerGauges(of server: Server, in metrics: MetricsRegistry) {
        metrics.collect("coffer_http_requests_in_flight", help: "Requests that are not over yet.", type: .gauge) {
            [weak server] in [MetricSample(server?.requestsInFlight ?? 0)]
        }
    }

    /// Counts a request that is over. A method is a label only on a route, which knows its methods.
    public func requestFinished(_ request: FinishedRequest) {
        if let route = request.route {
            routes[route].record(request.method, request.status, request.duration)
        } else {
            unrouted.record(.other("any"), request.status, request.duration)
        }
    }
}
