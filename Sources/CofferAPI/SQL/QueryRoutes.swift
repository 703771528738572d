import Accounts
import HTTPServer
import JSON
import SQLCipher
import Timekeeping
import UserEngines
import Workers

/// `POST /v1/query` and `POST /v1/query/batch`.
struct QueryRoutes: Sendable {
    let authentication: Authentication
    let engines: EngineRegistry
    let limits: APILimits
    /// Make the rows that are streamed.
    let workers: WorkerExecutor

    /// The bytes of a body that the event thread may parse, in some ten microseconds.
    private static let longestQuickBody = 16 << 10

    func add(to router: inout Router) {
        router.inline(.post, "/v1/query", body: limits.jsonBody, handler: query)
        router.on(.post, "/v1/query/batch", body: limits.jsonBody, dispatch: .worker, handler: batch)
    }

    @Sendable private func query(_ request: Request) throws -> InlineAnswer {
        guard request.body.count <= Self.longestQuickBody, !request.mentionsLines else { return later(request) }
        let call = try read(request)
        let reply = try call.access.withOpenEngine(in: engines) { try call.runIfQuick(on: $0) }
        if let reply = reply ?? nil { return .now(.json(reply)) }
        return later(call)
    }

    private func later(_ request: Request) -> InlineAnswer {
        .later(.worker) {
            if request.prefersLines { return try await lines(request) }
            return try await answer(try read(request))
        }
    }

    private func later(_ call: StatementCall) -> InlineAnswer {
        .later(.worker) { try await answer(call) }
    }

    private func read(_ request: Request) throws -> StatementCall {
        StatementCall(
            access: try authentication.access(of: request), options: try ResultOptions(request, limits: limits),
            timeout: try limits.timeout(of: request), body: try QueryBody.read(request.body))
    }

    private func answer(_ call: StatementCall) async throws -> Response {
        let reply = try await call.access.withEngine(in: engines) { engine in
            try await engine.run(call.body.sql, call.body.arguments, timeout: call.timeout) { statement, connection in
                try ResultWriter.reply(to: statement, on: connection, call.options)
            }
        }
        return .json(reply)
    }

    private func lines(_ request: Request) async throws -> Response {
        let lines = Lines(call: try read(request), engines: engines, requestID: request.id)
        let pace = Pace(time: SystemTime(), limit: limits.stallTimeout)
        return try await LineStream(lines, on: workers).response(at: pace)
    }

    @Sendable private func batch(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let options = try ResultOptions(request, limits: limits)
        let timeout = try limits.timeout(of: request)
        let batch = try BatchBody.read(request.body)
        let reply = try await access.withEngine(in: engines) { engine in
            try await engine.runBatch(atomic: batch.isAtomic, timeout: timeout) { runner in
                var writer = ResultWriter(options)
                writer.beginBatch()
                for index in batch.starts.indices {
                    do {
                        let query = try batch.statement(index)
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

/// What `POST /v1/query` asks for.
struct StatementCall: Sendable {
    let access: DataAccess
    let options: ResultOptions
    let timeout: Duration
    let body: QueryBody

    fileprivate func runIfQuick(on engine: Engine) throws -> Bytes? {
        let options = options
        return try engine.runIfQuick(body.sql, body.arguments, timeout: timeout) { statement, connection in
            try ResultWriter.reply(to: statement, on: connection, options)
        }
    }
}
