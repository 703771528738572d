import HTTPServer
import JSON

/// `GET /health/live`, and `GET /health/ready` with its other name `GET /health`.
struct HealthRoutes: Sendable {
    let readiness: Readiness
    let operators: OperatorAccess

    func add(to router: inout Router) {
        router.inline(.get, "/health/live", answersWhileDraining: true, handler: live)
        for path in ["/health/ready", "/health"] {
            router.on(.get, path, answersWhileDraining: true, handler: ready)
        }
    }

    /// Touches nothing: it says that the process answers.
    @Sendable private func live(_ request: Request) -> InlineAnswer {
        .now(.json(Bytes(#"{"status":"live"}"#)))
    }

    @Sendable private func ready(_ request: Request) async throws -> Response {
        let results = await readiness.results()
        let isReady = results.allSatisfy(\.isPassed)
        var json = JSONWriter()
        json.beginObject()
        json.name("status")
        json.write(isReady ? "ready" : "unavailable")
        if operators.isOperator(request) {
            json.name("checks")
            json.beginObject()
            for result in results {
                json.name(escaping: result.name)
                json.beginObject()
                json.name("ok")
                json.write(result.isPassed)
                json.name("detail")
                json.write(result.detail)
                json.endObject()
            }
            json.endObject()
        }
        json.endObject()
        var response = Response.json(json.finish(), status: isReady ? .ok : .serviceUnavailable)
        if !isReady { response.headers["Retry-After"] = "5" }
        return response
    }
}
