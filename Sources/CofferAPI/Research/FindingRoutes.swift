import HTTPServer
import JSON
import Research

/// What researches have found. Large batches and searches take their time, so they run where statements do.
struct FindingRoutes: Sendable {
    let researches: Researches
    let authentication: Authentication
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/research/{id}/findings", body: limits.jsonBody, dispatch: .worker, handler: append)
        router.on(.get, "/v1/research/{id}/findings", dispatch: .worker, handler: list)
        router.on(.get, "/v1/research/search", dispatch: .worker, handler: search)
    }

    @Sendable private func append(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let drafts = try request.body.withUnsafeBytes { try FindingDraft.batch(reading: $0) }
        let added = try await researches.add(drafts, to: try request.researchID, by: access)
        var json = JSONWriter()
        json.beginObject()
        json.name("items")
        json.beginArray()
        for finding in added {
            json.beginObject()
            json.name("id")
            json.write(finding.id)
            json.name("new")
            json.write(finding.isNew)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return .json(json.finish(), status: .created)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let page = try await researches.findings(
            of: try request.researchID, PageRequest(request, maximumBytes: limits.responseBytes), by: access)
        var json = JSONWriter()
        json.write(page) { $1.write($0) }
        return .json(json.finish())
    }

    @Sendable private func search(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let query = try SearchQuery(request.query("q").required("q"))
        let page = try await researches.search(
            query, PageRequest(request, maximumBytes: limits.responseBytes, defaultLimit: 20), by: access)
        var json = JSONWriter()
        json.write(page) { $1.write($0.finding, snippet: $0.snippet) }
        return .json(json.finish())
    }
}
