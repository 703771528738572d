import HTTPServer
import Metrics

/// `GET /metrics`, in the Prometheus or the OpenMetrics text format by `Accept`.
struct MetricsRoutes: Sendable {
    let metrics: MetricsRegistry
    let operators: OperatorAccess

    func add(to router: inout Router) {
        router.on(.get, "/metrics", answersWhileDraining: true, handler: scrape)
    }

    /// Who may not read the metrics is not told that there are any.
    @Sendable private func scrape(_ request: Request) async throws -> Response {
        guard operators.mayReadMetrics(request) else { throw Problem.unknownPath }
        let format = MetricsFormat.preferred(accept: request.header("Accept"))
        return Response(contentType: format.contentType, bytes: metrics.render(format))
    }
}
