import HTTPServer
import Metrics
import Synchronization

/// Counts and times requests by route.
public final class HTTPMetrics: HTTPObserver {
    private let requests: CounterFamily
    private let seconds: HistogramFamily
    private let inFlight: Gauge
    /// The series that have been met, by what they are of: found by one look-up. There are no more than a route's methods
    /// and the server's statuses make.
    private let known = Mutex<[Outcome: Series]>([:])

    private struct Outcome: Hashable {
        let route: String?
        let method: HTTPMethod
        let status: HTTPStatus

        /// Without the texts themselves: it is computed for every request, and few routes have names of one length.
        func hash(into hasher: inout Hasher) {
            hasher.combine(route?.utf8.count)
            hasher.combine(status.rawValue)
        }
    }

    private struct Series {
        let count: Counter
        let seconds: Histogram
    }

    /// What took no route.
    private static let noRoute = "none"
    private static let anyMethod = HTTPMethod(rawValue: "any")

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
        let method = request.route == nil ? Self.anyMethod : request.method
        let series = series(of: Outcome(route: request.route, method: method, status: request.status))
        series.count.increment()
        series.seconds.record(request.duration)
    }

    private func series(of outcome: Outcome) -> Series {
        known.withLock { known in
            if let series = known[outcome] { return series }
            let route = outcome.route ?? Self.noRoute
            let series = Series(
                count: requests.series(route, outcome.method.rawValue, "\(outcome.status.rawValue)"),
                seconds: seconds.series(route))
            known[outcome] = series
            return series
        }
    }
}
