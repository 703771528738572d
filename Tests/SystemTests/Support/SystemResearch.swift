import CofferTesting
import JSON
import Testing

/// A research of a server process.
struct SystemResearch: Sendable {
    let id: String
    let token: String
}

extension ServerProcess {
    func startResearch(_ title: String, as user: SystemUser) async throws -> SystemResearch {
        let reply = try await call("POST", "/v1/research", as: user, json: #"{"title":"\#(title)"}"#)
        try #require(reply.status == 201, "\(reply)")
        let json = try JSONValue(parsing: reply.body)
        return SystemResearch(
            id: try #require(json["id"]?.stringValue), token: try #require(json["token"]?.stringValue))
    }

    /// A call of the research's worker, which must succeed.
    func work(_ research: SystemResearch, _ action: String, _ json: String = "{}") async throws {
        let reply = try await client.request(
            "POST", "/v1/research/\(research.id)/\(action)", headers: [("Authorization", "Bearer \(research.token)")],
            json: json)
        try #require(reply.status == 200, "\(reply)")
    }
}
