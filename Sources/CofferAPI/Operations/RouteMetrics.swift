import HTTPServer
import Metrics
import Synchronization

/// Counts and times the requests of one route.
final class RouteMetrics: Sendable {
    private struct Series {
        let status: HTTPStatus
        let method: HTTPMethod
        let count: Counter
    }

    private let template: String
    private let requests: CounterFamily
    private let seconds: Histogram
    /// Those that have been met: a handful, for a route knows its methods and answers with few statuses.
    private let known = Mutex<[Series]>([])

    init(_ template: String, requests: CounterFamily, seconds: Histogram) {
        self.template = template
        self.requests = requests
        self.seconds = seconds
    }

    /// Counts a request that is over.
    func record(_ method: HTTPMethod, _ status: HTTPStatus, _ duration: Duration) {
        seconds.record(duration)
        known.withLock { known in
            // Counted where it lies: a series handed out would count references, which event threads take from each
            // other.
            for index in known.indices where known[index].status == status && known[index].method == method {
                return known[index].count.increment()
            }
            let count = requests.series(template, method.name, "\(status.rawValue)")
            known.append(Series(status: status, method: method, count: count))
            count.increment()
        }
    }
}
