import Accounts
import HTTPServer
import JSON
import Research

/// Researches: starting, following and ending one.
struct ResearchRoutes: Sendable {
    let researches: Researches
    let authentication: Authentication
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/research", body: limits.jsonBody, handler: start)
        router.on(.get, "/v1/research", handler: list)
        router.on(.get, "/v1/research/{id}", handler: describe)
        router.on(.post, "/v1/research/{id}/heartbeat", body: limits.jsonBody, handler: heartbeat)
        router.on(.post, "/v1/research/{id}/complete", body: limits.jsonBody, handler: complete)
        router.on(.post, "/v1/research/{id}/fail", body: limits.jsonBody, handler: fail)
        router.on(.post, "/v1/research/{id}/cancel", handler: cancel)
    }

    @Sendable private func start(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let draft = try request.body.withUnsafeBytes { try ResearchDraft(reading: $0) }
        let grant = try await researches.start(draft, by: access)
        var json = JSONWriter()
        json.beginObject()
        json.name("id")
        json.write(grant.lease.id.description)
        json.name("token")
        json.write(grant.token.text())
        json.name("lease_expires_at")
        json.write(grant.lease.expiresAt.iso8601)
        json.endObject()
        return .json(json.finish(), status: .created)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let page = try await researches.researches(
            in: try state(of: request), PageRequest(request, maximumBytes: limits.responseBytes), by: access)
        var json = JSONWriter()
        json.write(page) { $1.write($0) }
        return .json(json.finish())
    }

    private func state(of request: Request) throws -> ResearchRecord.State? {
        guard let text = request.query("state") else { return nil }
        guard let state = ResearchRecord.State(rawValue: text) else {
            let states = ResearchRecord.State.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalidField("state", "must be one of \(states)")
        }
        return state
    }

    @Sendable private func describe(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        return reply(try await researches.research(try request.researchID, by: access))
    }

    @Sendable private func heartbeat(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let heartbeat = try request.body.withUnsafeBytes { try Heartbeat(reading: $0) }
        return reply(try await researches.heartbeat(try request.researchID, heartbeat, by: access))
    }

    @Sendable private func complete(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let ending = try request.body.withUnsafeBytes { try Ending.completed(reading: $0) }
        return reply(try await researches.end(try request.researchID, ending, by: access))
    }

    @Sendable private func fail(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let ending = try request.body.withUnsafeBytes { try Ending.failed(reading: $0) }
        return reply(try await researches.end(try request.researchID, ending, by: access))
    }

    @Sendable private func cancel(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        return reply(try await researches.end(try request.researchID, .cancelled, by: access))
    }

    private func reply(_ record: ResearchRecord) -> Response {
        var json = JSONWriter()
        json.write(record)
        return .json(json.finish())
    }
}

extension Request {
    /// The research that the path names. What cannot be an id is no research's.
    var researchID: ResearchID {
        get throws {
            guard let id = ResearchID(parameter("id")) else { throw ResearchError.notFound }
            return id
        }
    }
}
