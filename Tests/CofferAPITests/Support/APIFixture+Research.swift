import CofferTesting
import JSON
import SQLCipher
import Testing
import UserEngines

/// A research that was started over HTTP.
struct APIResearch: Sendable {
    let id: String
    let token: String
}

extension APIFixture {
    /// Starts a research that must begin.
    func startResearch(
        _ title: String = "a title", more: String = "", as user: APIUser,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> APIResearch {
        let reply = try await call("POST", "/v1/research", as: user.token, json: #"{"title":"\#(title)"\#(more)}"#)
        try #require(reply.status == 201, "\(reply)", sourceLocation: sourceLocation)
        let json = try reply.json
        expectTime(json["lease_expires_at"], sourceLocation: sourceLocation)
        return APIResearch(
            id: try #require(json["id"]?.stringValue), token: try #require(json["token"]?.stringValue))
    }

    /// A call of a research's worker.
    func work(_ research: APIResearch, _ action: String, _ json: String? = nil) async throws -> HTTPReply {
        try await call("POST", "/v1/research/\(research.id)/\(action)", as: research.token, json: json)
    }

    /// The record of a research, as its user sees it.
    func record(
        of research: APIResearch, as user: APIUser, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let reply = try await call("GET", "/v1/research/\(research.id)", as: user.token)
        try #require(reply.status == 200, "\(reply)", sourceLocation: sourceLocation)
        return try reply.json
    }

    /// Changes a user's service database behind the program's back; their engine is open.
    func onService(of user: APIUser, _ body: @Sendable (Connection) throws -> Void) async throws {
        struct Closed: Error {}
        try await engines.withEngine(of: try #require(UserID(user.id)), key: { throw Closed() }) { engine in
            try await engine.withService(timeout: .seconds(10), body)
        }
    }

    /// Runs a statement with a research's token.
    func query(_ sql: String, as research: APIResearch) async throws -> HTTPReply {
        try await call("POST", "/v1/query", as: research.token, json: queryBody(sql, nil))
    }
}
