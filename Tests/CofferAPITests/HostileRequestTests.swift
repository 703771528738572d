import CofferAPI
import CofferTesting
import Testing

@Suite("Requests that make no sense", .timeLimit(.minutes(2)))
struct HostileRequestTests {
    private static let fieldValues = [
        ";", ";;", ",", ",,", "a,;", ";a", "=", ";=", ";q=", ";q=x", "a;=1", "\"", "W/", "W/\"", "*", "-", "--1",
        "bytes=",
        "bytes=-", "bytes=,", "bytes=9223372036854775808-", "bytes=-9223372036854775808", "é", "",
        String(repeating: ",", count: 500), String(repeating: ";", count: 500),
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
        "a%2Fb", "&&", "=", String(repeating: "%22", count: 120),
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

    private static let adminToken = "operator-of-the-hostile-requests"

    /// A call of a route, and those whom it may be answered to.
    private struct Call {
        let method: String
        let path: String
        let tokens: [String]
    }

    private func run(_ body: (APIFixture, [Call]) async throws -> Void) async throws {
        try await APIFixture.run { options in
            options.access.adminToken = try AdminToken(Array(Self.adminToken.utf8))
        } _: { api in
            try await body(api, try await calls(of: api))
        }
    }

    /// Every route but for `DELETE`, which would leave nothing to ask for; last those that end a research.
    private func calls(of api: APIFixture) async throws -> [Call] {
        let ada = try await api.makeUser()
        // One with a label is kept, however many follow.
        let backup = try await api.call("POST", "/v1/backups", as: ada.token, json: #"{"label":"kept"}"#)
        let backupID = try #require(try backup.json["id"]?.stringValue, "\(backup)")
        let research = try await api.startResearch(as: ada)
        // Its events end with it, so that nobody waits for more of them.
        let ended = try await api.startResearch(as: ada)
        #expect(try await api.work(ended, "complete", "{}").status == 200)
        let metrics = String(decoding: try await api.call("GET", "/metrics").body, as: UTF8.self)
        let counts = metrics.split(separator: "\n").filter {
            $0.hasPrefix("coffer_http_request_seconds_count{route=\"/")
        }
        #expect(counts.count > 30)
        var calls: [Call] = []
        for template in counts.map({ String($0.split(separator: "\"")[1]) }) {
            let isResearch = template.hasPrefix("/v1/research")
            let id = !isResearch ? backupID : template.hasSuffix("/events") ? ended.id : research.id
            let path = template.replacing("{user}", with: "name:ada").replacing("{id}", with: id)
            let allow = try await api.call("OPTIONS", path).header("Allow") ?? ""
            let tokens = template.hasPrefix("/v1/admin") ? [Self.adminToken] : [ada.token, research.token]
            for method in allow.split(separator: ",").map({ String($0.filter { $0 != " " }) }) where method != "DELETE"
            {
                calls.append(Call(method: method, path: path, tokens: tokens))
            }
        }
        let isLast: (Call) -> Bool = { call in ["/cancel", "/complete", "/fail"].contains { call.path.hasSuffix($0) } }
        return calls.filter { !isLast($0) } + calls.filter(isLast)
    }

    @discardableResult private func expectAnswer(
        _ method: String, _ path: String, headers: [(String, String)], body: String?, from api: APIFixture
    ) async throws -> Int {
        let client = try HTTPClient(port: api.server.port)
        let reply = try await client.request(method, path, headers: headers, body: body.map { Array($0.utf8) })
        await client.close()
        #expect(reply.status < 500, "\(method) \(path.prefix(200)), \(headers), \(body?.prefix(100) ?? ""): \(reply)")
        return reply.status
    }

    /// Sends a call to whoever it may be answered to, as each of `variants` has it. One of them at least gets past the
    /// server to the route's handler.
    private func expectAnswers(
        to call: Call, from api: APIFixture, _ variants: [(query: String, fields: [(String, String)], body: String?)]
    ) async throws {
        var hasArrived = false
        for token in call.tokens {
            for variant in variants {
                let status = try await expectAnswer(
                    call.method, call.path + variant.query,
                    headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/json")]
                        + variant.fields,
                    body: variant.body, from: api)
                if ![401, 413, 414, 415, 431].contains(status) { hasArrived = true }
            }
        }
        #expect(hasArrived, "\(call.method) \(call.path)")
    }

    @Test("fields that a handler looks at are refused or ignored by every route, and never its failure")
    func fields() async throws {
        try await run { api, calls in
            for call in calls {
                let body = call.method == "POST" || call.method == "PUT" ? "{}" : nil
                try await expectAnswers(
                    to: call, from: api,
                    Self.fieldValues.map { value in ("", Self.handlersFields.map { ($0, value) }, body) })
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
        try await run { api, calls in
            for call in calls {
                let body = call.method == "POST" ? #"{"sql":"SELECT 1"}"# : call.method == "PUT" ? "" : nil
                let queries = Self.parameterValues.flatMap { value in
                    [
                        Self.parameters.map { "\($0)=\(value)" }.joined(separator: "&"), "timeout_ms=\(value)",
                        "limit=\(value)", "cursor=\(value)", "q=\(value)",
                    ]
                }
                try await expectAnswers(to: call, from: api, queries.map { ("?" + $0, [], body) })
            }
        }
    }

    @Test("bodies, likewise")
    func bodies() async throws {
        try await run { api, calls in
            for call in calls where call.method == "POST" || call.method == "PUT" {
                try await expectAnswers(to: call, from: api, Self.bodies.map { ("", [], $0) })
            }
        }
    }
}
