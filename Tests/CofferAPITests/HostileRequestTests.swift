import CofferTesting
import Testing

@Suite("Requests that make no sense", .timeLimit(.minutes(2)))
struct HostileRequestTests {
    private static let fieldValues = [
        ";", ";;", ",", ",,", "a,;", ";a", "=", ";=", ";q=", ";q=x", "a;=1", "\"", "W/", "W/\"", "*", "-", "--1",
        "bytes=",
        "bytes=-", "bytes=,", "bytes=9223372036854775808-", "bytes=-9223372036854775808", "é", "",
        String(repeating: ",", count: 2000), String(repeating: ";", count: 2000),
    ]

    /// What a handler looks at once the request is taken in.
    private static let handlersFields = [
        "Accept", "If-None-Match", "If-Range", "Last-Event-ID", "Prefer", "Range", "User-Agent", "X-Coffer-Passphrase",
        "X-Request-ID",
    ]

    static let serversFields = ["Authorization", "Content-Encoding", "Content-Type", "Expect", "Transfer-Encoding"]

    private static let parameterValues = [
        "", "-1", "0", "9223372036854775808", "-9223372036854775809", "NaN", "1e9", "%00", "%", "%zz", "%FF", "%22",
        "';",
        "a%2Fb", "&&", "=", String(repeating: "%22", count: 1000),
    ]

    private static let parameters = [
        "cursor", "format", "integers", "limit", "parts", "q", "rows", "state", "timeout_ms", "unknown",
    ]

    private static let bodies = [
        "", "null", "true", "[]", "\"x\"", "1e999", "{", "{}x", #"{"":1}"#, #"{"sql":null}"#, #"{"sql":{}}"#,
        #"{"sql":"","args":[]}"#, #"{"sql":"SELECT ?","args":{"":1}}"#, #"{"sql":"SELECT 1","args":[[]]}"#,
        #"{"sql":"SELECT 1; SELECT","args":null}"#, #"{"statements":[null]}"#, #"{"statements":[{}],"atomic":1}"#,
        #"{"username":1,"password":[]}"#, #"{"username":"\ud800","password":"\u0000"}"#, #"{"title":[],"query":{}}"#,
        #"{"items":[{}]}"#, #"{"items":[{"kind":"","title":"","content":"","data":1e400}]}"#, #"{"progress":1e300}"#,
        #"{"lease_seconds":-9223372036854775808}"#, #"{"lease_seconds":9223372036854775808}"#, #"{"parts":"x"}"#,
        String(repeating: "[", count: 5000), String(repeating: #"{"a":"#, count: 5000),
    ]

    /// Every route of the server, of which `DELETE` is left out: it would leave nothing to ask for.
    private struct Routes {
        private(set) var calls: [(method: String, path: String)] = []
        let tokens: [String]

        init(of api: APIFixture) async throws {
            let ada = try await api.makeUser()
            let backup = try await api.call("POST", "/v1/backups", as: ada.token)
            let backupID = try #require(try backup.json["id"]?.stringValue, "\(backup)")
            let research = try await api.startResearch(as: ada)
            tokens = [ada.token, research.token]
            let metrics = String(decoding: try await api.call("GET", "/metrics").body, as: UTF8.self)
            let counts = metrics.split(separator: "\n").filter {
                $0.hasPrefix("coffer_http_request_seconds_count{route=\"/")
            }
            #expect(counts.count > 30)
            // Its events end with it, so that nobody waits for more of them.
            let ended = try await api.startResearch(as: ada)
            #expect(try await api.work(ended, "complete", "{}").status == 200)
            for template in counts.map({ String($0.split(separator: "\"")[1]) }) {
                let isResearch = template.hasPrefix("/v1/research")
                let id = !isResearch ? backupID : template.hasSuffix("/events") ? ended.id : research.id
                let path = template.replacing("{user}", with: "name:ada").replacing("{id}", with: id)
                let allow = try await api.call("OPTIONS", path).header("Allow") ?? ""
                for method in allow.split(separator: ",").map({ String($0.filter { $0 != " " }) })
                where method != "DELETE" {
                    calls.append((method, path))
                }
            }
        }
    }

    private func expectAnswer(
        _ method: String, _ path: String, headers: [(String, String)], body: String?, from api: APIFixture
    ) async throws {
        let client = try HTTPClient(port: api.server.port)
        let reply = try await client.request(method, path, headers: headers, body: body.map { Array($0.utf8) })
        await client.close()
        #expect(reply.status < 500, "\(method) \(path.prefix(200)), \(headers), \(body?.prefix(100) ?? ""): \(reply)")
    }

    @Test("fields that a handler looks at are refused or ignored by every route, and never its failure")
    func fields() async throws {
        try await APIFixture.run { api in
            let routes = try await Routes(of: api)
            for (method, path) in routes.calls {
                for value in Self.fieldValues {
                    var headers = Self.handlersFields.map { ($0, value) }
                    headers += [("Authorization", "Bearer \(routes.tokens[0])"), ("Content-Type", "application/json")]
                    let body = method == "POST" || method == "PUT" ? "{}" : nil
                    try await expectAnswer(method, path, headers: headers, body: body, from: api)
                }
            }
        }
    }

    @Test("fields that tell what the body is or who asks, likewise", arguments: HostileRequestTests.serversFields)
    func fields(_ name: String) async throws {
        try await APIFixture.run { api in
            let token = try await api.makeUser().token
            for (method, path) in [("GET", "/v1/me"), ("POST", "/v1/query"), ("PUT", "/v1/import")] {
                for value in Self.fieldValues {
                    var headers = [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
                    headers.removeAll { $0.0 == name }
                    try await expectAnswer(method, path, headers: headers + [(name, value)], body: "{}", from: api)
                }
            }
        }
    }

    @Test("parameters, likewise")
    func parameters() async throws {
        try await APIFixture.run { api in
            let routes = try await Routes(of: api)
            for (method, path) in routes.calls {
                for value in Self.parameterValues {
                    let query = Self.parameters.map { "\($0)=\(value)" }.joined(separator: "&")
                    for query in [query, "timeout_ms=\(value)", "limit=\(value)", "cursor=\(value)", "q=\(value)"] {
                        try await expectAnswer(
                            method, path + "?" + query,
                            headers: [
                                ("Authorization", "Bearer \(routes.tokens[0])"), ("Content-Type", "application/json"),
                            ],
                            body: method == "POST" ? #"{"sql":"SELECT 1"}"# : method == "PUT" ? "" : nil, from: api)
                    }
                }
            }
        }
    }

    @Test("bodies, likewise")
    func bodies() async throws {
        try await APIFixture.run { api in
            let routes = try await Routes(of: api)
            for (method, path) in routes.calls where method == "POST" || method == "PUT" {
                for (token, body) in routes.tokens.flatMap({ token in Self.bodies.map { (token, $0) } }) {
                    try await expectAnswer(
                        method, path,
                        headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")],
                        body: body, from: api)
                }
            }
        }
    }
}
