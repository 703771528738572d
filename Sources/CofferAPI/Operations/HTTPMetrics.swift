import HTTPServer
import Metrics
import Synchronization

/// Counts and times requests by route.
public final class HTTPMetrics: HTTPObserver {
    /// The templates of the routes, by their numbers.
    private let routes: [String]
    private let requests: CounterFamily
    private let seconds: HistogramFamily
    /// The series that have been met, by the number of their route, and at last those without one: a handful each, for a
    /// route knows its methods and answers with few statuses.
    private let known: Mutex<[[Series]]>

    private struct Series {
        let status: HTTPStatus
        let method: HTTPMethod
        let count: Counter
        let seconds: Histogram
    }

    /// What took no route.
    private static let noRoute = "none"
    private static let anyMethod = HTTPMethod.other("any")

    /// Registers the metrics. Those of `routes`, the templates of the router whose server this observes, exist from the
    /// start; how often a route is answered with which status is known only when it happens.
    public init(_ metrics: MetricsRegistry, routes: [String]) {
        self.routes = routes
        known = Mutex(Array(repeating: [], count: routes.count + 1))
        requests = metrics.counterFamily(
            "coffer_http_requests_total", help: "Requests answered, by route template, method and status.",
            labels: ["route", "method", "status"])
        seconds = metrics.histogramFamily(
            "coffer_http_request_seconds", help: "Requests, from the request line to the last byte sent.",
            labels: ["route"], initial: (Set(routes).sorted() + [Self.noRoute]).map { [$0] })
    }

    /// Registers the metrics of a server's present state.
    public static func registerGauges(of server: Server, in metrics: MetricsRegistry) {
        metrics.collect("coffer_http_requests_in_flight", help: "Requests that are not over yet.", type: .gauge) {
            [weak server] in [MetricSample(server?.requestsInFlight ?? 0)]
        }
    }

    /// Counts a request that is over. A method is a label only on a route, which knows its methods.
    public func requestFinished(_ request: FinishedRequest) {
        let (count, seconds) = series(of: request)
        count.increment()
        seconds.record(request.duration)
    }

    private func series(of request: FinishedRequest) -> (Counter, Histogram) {
        let (number, status) = (request.route ?? routes.count, request.status)
        let method = request.route == nil ? Self.anyMethod : request.method
        return known.withLock { known in
            if let index = known[number].firstIndex(where: { $0.status == status && $0.method == method }) {
                return (known[number][index].count, known[number][index].seconds)
            }
            let route = request.route.map { routes[$0] } ?? Self.noRoute
            let series = Series(
                status: status, method: method, count: requests.series(route, method.name, "\(status.rawValue)"),
                seconds: seconds.series(route))
            known[number].append(series)
            return (series.count, series.seconds)
        }
    }
}
