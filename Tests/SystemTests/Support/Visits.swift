import CofferTesting
import JSON
import Synchronization
import Testing

/// Users who come with a connection of their own, and come again when they are told to.
final class Visits: Sendable {
    private let server: ServerProcess
    private let refused = Atomic(0)

    init(_ server: ServerProcess) {
        self.server = server
    }

    /// Requests that were answered 503.
    var refusals: Int { refused.load(ordering: .relaxed) }

    /// Makes one visit for each item, `clients` at a time, each on a new connection.
    func each<Item: Sendable, Result: Sendable>(
        _ items: some Collection<Item> & Sendable, clients: Int,
        _ visit: @escaping @Sendable (Item, HTTPClient) async throws -> Result
    ) async throws -> [Result] {
        let items = Array(items)
        return try await withThrowingTaskGroup(of: [Result].self) { group in
            for first in 0..<clients {
                group.addTask { [server] in
                    var results: [Result] = []
                    for index in stride(from: first, to: items.count, by: clients) {
                        let client = try HTTPClient(port: server.port, patience: .seconds(60))
                        do {
                            results.append(try await visit(items[index], client))
                        } catch {
                            await client.close()
                            throw error
                        }
                        await client.close()
                    }
                    return results
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    /// Registers a user and logs them in; the token.
    func register(_ name: String, on client: HTTPClient) async throws -> String {
        _ = try await call("POST", "/v1/users", expecting: 201, json: credentials(name), on: client)
        let token = try await logIn(name, on: client)
        _ = try await query("CREATE TABLE t(v)", as: token, on: client)
        return token
    }

    /// Begins a session; its token.
    func logIn(_ name: String, on client: HTTPClient) async throws -> String {
        let login = try await call("POST", "/v1/sessions", expecting: 201, json: credentials(name), on: client)
        return try #require(login["token"]?.stringValue)
    }

    /// Writes one more row, the `count`th, and reads all.
    func write(_ count: Int, as token: String, on client: HTTPClient) async throws {
        _ = try await query("INSERT INTO t VALUES (1)", as: token, on: client)
        let reply = try await query("SELECT count(*) FROM t", as: token, on: client)
        #expect(reply["rows"] == .array([.array([.integer(Int64(count))])]))
    }

    func logOut(_ token: String, on client: HTTPClient) async throws {
        _ = try await call("DELETE", "/v1/sessions/current", expecting: 204, as: token, on: client)
    }

    private func credentials(_ name: String) -> String {
        #"{"username":"\#(name)","password":"correct horse"}"#
    }

    private func query(_ sql: String, as token: String, on client: HTTPClient) async throws -> JSONValue {
        try await call("POST", "/v1/query", expecting: 200, as: token, json: #"{"sql":"\#(sql)"}"#, on: client)
    }

    private func call(
        _ method: String, _ path: String, expecting status: Int, as token: String? = nil, json: String? = nil,
        on client: HTTPClient
    ) async throws -> JSONValue {
        let headers = token.map { [("Authorization", "Bearer \($0)")] } ?? []
        while true {
            let reply =
                if let json {
                    try await client.request(method, path, headers: headers, json: json)
                } else {
                    try await client.request(method, path, headers: headers)
                }
            if reply.status == status { return reply.body.isEmpty ? .null : try JSONValue(parsing: reply.body) }
            try #require(reply.status == 503, "\(reply)")
            try #require(reply.header("Content-Type") == "application/problem+json", "\(reply)")
            try #require(reply.header("Retry-After").flatMap { Int($0) } ?? 0 > 0, "\(reply)")
            let code = try JSONValue(parsing: reply.body)["code"]?.stringValue ?? ""
            try #require(["descriptor_budget", "pool_timeout"].contains(code), "\(reply)")
            refused.add(1, ordering: .relaxed)
        }
    }
}
