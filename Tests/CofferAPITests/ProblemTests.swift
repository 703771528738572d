import CofferTesting
import JSON
import Testing

@Suite("Requests that are refused")
struct ProblemTests {
    static let malformed: [(body: [UInt8], reason: String, offset: Int64)] = [
        ([], "unexpected_end", 0),
        (Array("{".utf8), "unexpected_end", 1),
        (Array(#"{"sql":}"#.utf8), "unexpected_byte", 7),
        (Array(#"{"sql" "SELECT 1"}"#.utf8), "unexpected_byte", 7),
        (Array(#"{"sql":"SELECT 1"} x"#.utf8), "trailing_data", 19),
        (Array(#"{"sql":"SELECT 1",}"#.utf8), "unexpected_byte", 18),
        (Array(#"{"sql":'SELECT 1'}"#.utf8), "unexpected_byte", 7),
        (Array(#"{"sql":"\x"}"#.utf8), "invalid_escape", 8),
        (Array(#"{"sql":"\ud800"}"#.utf8), "lone_surrogate", 8),
        (Array(#"{"sql":""#.utf8) + [0xFF] + Array(#""}"#.utf8), "invalid_utf8", 8),
        ([0xEF, 0xBB, 0xBF] + Array(#"{"sql":"SELECT 1"}"#.utf8), "byte_order_mark", 0),
        (Array("{\"sql\":\"a\nb\"}".utf8), "control_character", 9),
        (Array(#"{"sql":"SELECT ?","args":[01]}"#.utf8), "invalid_number", 26),
        (Array(#"{"sql":"SELECT ?","args":[tru]}"#.utf8), "invalid_literal", 26),
    ]

    @Test("JSON that is malformed is refused with the reason and the offset")
    func malformedJSON() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (body, reason, offset) in Self.malformed {
                let reply = try await api.call(
                    "POST", "/v1/query", as: user.token, headers: [("Content-Type", "application/json")], body: body)
                let problem = try expectProblem(reply, 400, "malformed_json")
                #expect(problem["reason"] == .string(reason), "\(String(decoding: body, as: UTF8.self)): \(reply)")
                #expect(problem["offset"] == .integer(offset), "\(String(decoding: body, as: UTF8.self)): \(reply)")
            }
        }
    }

    static let invalidFields: [(method: String, path: String, body: String, field: String)] = [
        ("POST", "/v1/query", "[]", "body"), ("POST", "/v1/query", "null", "body"), ("POST", "/v1/query", "1", "body"),
        ("POST", "/v1/query", "{}", "sql"), ("POST", "/v1/query", #"{"sql":1}"#, "sql"),
        ("POST", "/v1/query", #"{"sql":null}"#, "sql"), ("POST", "/v1/query", #"{"SQL":"SELECT 1"}"#, "SQL"),
        ("POST", "/v1/query", #"{"sql":"SELECT 1","params":[]}"#, "params"),
        ("POST", "/v1/query", #"{"sql":"SELECT 1","sql":"SELECT 2"}"#, "sql"),
        ("POST", "/v1/query", #"{"sql":"SELECT 1","s\u0071l":"SELECT 2"}"#, "sql"),
        ("POST", "/v1/query", #"{"s\u0071l":"SELECT 1","args":[],"sql":"SELECT 2"}"#, "sql"),
        ("POST", "/v1/query", #"{"sql":"SELECT ?","args":[1],"args":[2]}"#, "args"),
        ("POST", "/v1/query/batch", #"{"statements":[{"sql":"SELECT 1","sql":"SELECT 2"}]}"#, "sql"),
        ("POST", "/v1/users", #"{"password":"long enough"}"#, "username"),
        ("POST", "/v1/users", #"{"username":"ada"}"#, "password"),
        ("POST", "/v1/users", #"{"username":1,"password":"long enough"}"#, "username"),
        ("POST", "/v1/users", #"{"username":"ada","password":["long enough"]}"#, "password"),
        ("POST", "/v1/users", #"{"username":"ada","password":"long enough","recovery":"yes"}"#, "recovery"),
        ("POST", "/v1/users", #"{"username":"ada","password":"long enough","admin":true}"#, "admin"),
        ("POST", "/v1/sessions", #"{"username":"ada"}"#, "password"),
        ("POST", "/v1/sessions", #"{"username":"ada","password":null}"#, "password"),
        ("POST", "/v1/sessions", #"{"username":"ada","password":"long enough","remember":0}"#, "remember"),
        ("POST", "/v1/recover", #"{"username":"ada","new_password":"long enough"}"#, "recovery_code"),
        ("POST", "/v1/recover", #"{"username":"ada","recovery_code":"x"}"#, "new_password"),
        ("PUT", "/v1/me/password", #"{"current":"long enough"}"#, "new"),
        ("PUT", "/v1/me/password", #"{"new":"long enough"}"#, "current"),
        ("POST", "/v1/me/recovery-code", "{}", "password"),
        ("DELETE", "/v1/me", "{}", "password"),
        ("DELETE", "/v1/me", #"{"password":"secret of ada","sure":true}"#, "sure"),
    ]

    @Test("a field that is missing, unknown, given twice or of the wrong type is named")
    func invalidFields() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (method, path, body, field) in Self.invalidFields {
                let problem = try expectProblem(
                    try await api.call(method, path, as: user.token, json: body), 400, "invalid_field")
                #expect(problem["field"] == .string(field), "\(method) \(path) \(body)")
            }
            #expect(try await api.call("GET", "/v1/me", as: user.token).status == 200)
        }
    }

    @Test("a body of another type is refused with the type that is taken")
    func wrongType() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let body = Array(#"{"sql":"SELECT 1"}"#.utf8)
            for type in [nil, "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1"] {
                let reply = try await api.call(
                    "POST", "/v1/query", as: user.token, headers: type.map { [("Content-Type", $0)] } ?? [], body: body)
                try expectProblem(reply, 415, "unsupported_media_type")
            }
            for type in ["application/json", "Application/JSON; charset=UTF-8"] {
                let reply = try await api.call(
                    "POST", "/v1/query", as: user.token, headers: [("Content-Type", type)], body: body)
                #expect(reply.status == 200, "\(type)")
            }
            let compressed = try await api.call(
                "POST", "/v1/query", as: user.token, headers: [("Content-Encoding", "gzip")], json: "{}")
            try expectProblem(compressed, 415, "unsupported_media_type")
        }
    }

    @Test("a body over the limit is refused, announced or not, and one at the limit is taken")
    func oversizedBody() async throws {
        try await APIFixture.run {
            $0.limits.bodyBytes = 1000
        } _: { api in
            let user = try await api.makeUser()
            let sql = "SELECT '" + String(repeating: "x", count: 1000 - queryBody("SELECT ''", nil).utf8.count) + "'"
            #expect(queryBody(sql, nil).utf8.count == 1000)
            #expect(try await api.query(sql, as: user).status == 200)
            try expectProblem(try await api.query(sql + " ", as: user), 413, "body_too_large")
            let client = try HTTPClient(port: api.server.port)
            try await client.send(
                HTTPClient.encode(
                    "POST", "/v1/query",
                    headers: [
                        ("Authorization", "Bearer \(user.token)"), ("Content-Type", "application/json"),
                        ("Transfer-Encoding", "chunked"),
                    ]))
            try await client.sendChunk(Array(queryBody(sql + " ", nil).utf8))
            try await client.sendChunk([])
            try expectProblem(try await client.readReply(), 413, "body_too_large")
            await client.close()
        }
    }

    static let credentialCalls: [(method: String, path: String)] = [
        ("POST", "/v1/users"), ("POST", "/v1/sessions"), ("POST", "/v1/recover"), ("DELETE", "/v1/me"),
        ("PUT", "/v1/me/password"), ("POST", "/v1/me/recovery-code"), ("POST", "/v1/me/rotate-key"),
    ]

    @Test(
        "a body of credentials has 32 KiB at most, or what any body may have if that is less",
        arguments: [(8 << 20, 32 << 10), (1000, 1000)])
    func credentialsBody(bodyBytes: Int, limit: Int) async throws {
        try await APIFixture.run {
            $0.limits.bodyBytes = bodyBytes
        } _: { api in
            let user = try await api.makeUser()
            for (method, path) in Self.credentialCalls {
                let body = "{}" + String(repeating: " ", count: limit - 2)
                try expectProblem(try await api.call(method, path, as: user.token, json: body), 400, "invalid_field")
                let problem = try expectProblem(
                    try await api.call(method, path, as: user.token, json: body + " "), 413, "body_too_large")
                #expect(problem["limit_bytes"] == .integer(Int64(limit)), "\(method) \(path)")
            }
        }
    }

    @Test("two passwords of the greatest length fit, however they are escaped")
    func escapedPasswords() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let password = String(repeating: #"\u0078"#, count: 1024)
            let reply = try await api.call(
                "PUT", "/v1/me/password", as: user.token, json: #"{"current":"\#(password)","new":"\#(password)"}"#)
            try expectProblem(reply, 401, "invalid_credentials")
        }
    }

    @Test(
        "a long name of a field comes back shortened", arguments: ["x", "\u{301}", "\u{1F468}\u{200D}"],
        ["/v1/users", "/v1/query"])
    func longFieldName(part: String, path: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let name = String(repeating: part, count: 3000)
            let reply = try await api.call("POST", path, as: user.token, json: #"{"\#(name)":1}"#)
            let problem = try expectProblem(reply, 400, "invalid_field")
            let kept = String(String.UnicodeScalarView(name.unicodeScalars.prefix(100)))
            #expect(problem["field"] == .string(kept))
            #expect(reply.body.count < 2000)
        }
    }

    @Test("a header over the limit is refused")
    func oversizedHeader() async throws {
        try await APIFixture.run { api in
            let client = try HTTPClient(port: api.server.port)
            let reply = try await client.call(
                "GET", "/v1/me", headers: [("X-Padding", String(repeating: "x", count: 9000))])
            try expectProblem(reply, 431, "header_too_large")
            await client.close()
        }
    }

    static let routes: [(path: String, allow: Set<String>)] = [
        ("/v1/users", ["POST"]), ("/v1/sessions", ["GET", "HEAD", "POST", "DELETE"]),
        ("/v1/sessions/current", ["DELETE"]), ("/v1/me", ["GET", "HEAD", "DELETE"]), ("/v1/me/password", ["PUT"]),
        ("/v1/me/recovery-code", ["POST"]), ("/v1/recover", ["POST"]), ("/v1/query", ["POST"]),
        ("/v1/query/batch", ["POST"]), ("/health/live", ["GET", "HEAD"]), ("/health/ready", ["GET", "HEAD"]),
        ("/health", ["GET", "HEAD"]), ("/metrics", ["GET", "HEAD"]),
    ]

    @Test("a wrong method is told the right ones")
    func wrongMethod() async throws {
        try await APIFixture.run { api in
            for (path, allow) in Self.routes {
                let reply = try await api.call("PATCH", path)
                try expectProblem(reply, 405, "method_not_allowed")
                let methods = Set(reply.header("Allow")?.split(separator: ", ").map(String.init) ?? [])
                #expect(methods == allow.union(["OPTIONS"]), "\(path)")
            }
        }
    }

    @Test(
        "an unknown path is not found",
        arguments: ["/v1", "/v1/", "/v2/query", "/v1/query/", "/v1/me/x", "/V1/me", "/../etc/passwd", "/%00"])
    func unknownPath(_ path: String) async throws {
        try await APIFixture.run { api in
            let client = try HTTPClient(port: api.server.port)
            let reply = try await client.call("GET", path)
            #expect([400, 404].contains(reply.status))
            try expectProblem(reply, reply.status, reply.status == 404 ? "not_found" : "malformed_request")
            await client.close()
        }
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for path in ["/v1/me", "/v1/sessions", "/health", "/health/live"] {
                let get = try await api.call("GET", path, as: user.token)
                let head = try await api.call("HEAD", path, as: user.token)
                #expect(head.status == 200)
                #expect(head.header("Content-Type") == get.header("Content-Type"))
                #expect(head.header("Content-Length") == get.header("Content-Length"))
            }
            #expect(try await api.call("HEAD", "/v1/me").status == 401)
            #expect(try await api.call("GET", "/health/live").status == 200, "the connection is still in step")
        }
    }

    @Test("the client's own request id comes back if it is sane, also in problems")
    func requestID() async throws {
        try await APIFixture.run { api in
            let own = try await api.call("GET", "/health/live", headers: [("X-Request-ID", "trace-1.a_B")])
            #expect(own.header("X-Request-ID") == "trace-1.a_B")
            let problem = try await api.call("GET", "/nowhere", headers: [("X-Request-ID", "trace-2")])
            #expect(try expectProblem(problem, 404, "not_found")["request_id"] == .string("trace-2"))
            for insane in ["", "a b", "<script>", String(repeating: "x", count: 65), "ä"] {
                let reply = try await api.call("GET", "/health/live", headers: [("X-Request-ID", insane)])
                #expect(reply.header("X-Request-ID")?.wholeMatch(of: #/[0-9a-f]{32}/#) != nil, "\(insane)")
            }
            let first = try await api.call("GET", "/health/live").header("X-Request-ID")
            let second = try await api.call("GET", "/health/live").header("X-Request-ID")
            #expect(first != second)
        }
    }
}
