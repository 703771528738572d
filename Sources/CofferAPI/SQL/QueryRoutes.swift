import HTTPServer
import UserEngines
import Workers

/// `POST /v1/query` and `POST /v1/query/batch`.
struct QueryRoutes: Sendable {
    let authentication: Authentication
    let engines: EngineRegistry
    let limits: APILimits
    let workers: WorkerExecutor

    /// The bytes of a body that the event thread may parse, in some ten microseconds.
    private static let longestQuickBody = 16 << 10

    func add(to router: inout Router) {
        router.on(.post, "/v1/query", body: limits.jsonBody, dispatch: .inline, handler: query)
        router.on(.post, "/v1/query/batch", body: limits.jsonBody, dispatch: .worker, handler: batch)
    }

    @Sendable private func query(_ request: Request) async throws -> Response {
        guard request.body.count > Self.longestQuickBody else {
            return try await answer(request, from: .eventThread(workers: workers))
        }
        return try await withTaskExecutorPreference(workers) { try await answer(request, from: .worker) }
    }

    private func answer(_ request: Request, from start: StatementStart) async throws -> Response {
        let access = try authentication.access(of: request)
        let options = try ResultOptions(request, limits: limits)
        let timeout = try limits.timeout(of: request)
        let query = try request.body.withUnsafeBytes(QueryBody.read)
        let reply = try await access.withEngine(in: engines) { engine in
            try await engine.run(query.sql, query.arguments, timeout: timeout, from: start) {
                statement, connection in
                var writer = ResultWriter(options)
                try writer.write(statement, on: connection)
                return writer.finish()
            }
        }
        return .json(reply)
    }

    @Sendable private func batch(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let options = try ResultOptions(request, limits: limits)
        let timeout = try limits.timeout(of: request)
        let batch = try request.body.withUnsafeBytes(BatchBody.read)
        let reply = try await access.withEngine(in: engines) { engine in
            try await engine.runBatch(atomic: batch.isAtomic, timeout: timeout) { runner in
                var writer = ResultWriter(options)
                writer.beginBatch()
                for (index, query) in batch.statements.enumerated() {
                    do {
                        try runner.run(query.sql, query.arguments) { statement, connection in
                            try writer.write(statement, on: connection)
                        }
                    } catch {
                        throw StatementFailure(index: index, cause: error)
                    }
                }
                writer.endBatch()
                return writer.finish()
            }
        }
        return .json(reply)
    }
}
