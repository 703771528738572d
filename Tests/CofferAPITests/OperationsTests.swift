import CofferAPI
import CofferTesting
import JSON
import Testing

@Suite("Health, metrics and the landing page")
struct OperationsTests {
    private static let token = "operators-only"

    private func withToken(_ options: inout APIOptions) throws {
        options.access.adminToken = try AdminToken(Array(Self.token.utf8))
    }

    @Test("liveness touches nothing and says so whatever the readiness")
    func live() async throws {
        try await APIFixture.run { api in
            api.health.isOn.store(false, ordering: .relaxed)
            let reply = try await api.call("GET", "/health/live")
            #expect(reply.status == 200)
            #expect(try reply.json["status"] == .string("live"))
        }
    }

    @Test("readiness is 200 or 503, and details are for operators", arguments: ["/health", "/health/ready"])
    func ready(_ path: String) async throws {
        try await APIFixture.run(withToken) { api in
            for isHealthy in [true, false] {
                api.health.isOn.store(isHealthy, ordering: .relaxed)
                let status = isHealthy ? 200 : 503
                for token in [nil, "wrong", String(Self.token.dropLast())] {
                    let reply = try await api.call("GET", path, as: token)
                    #expect(reply.status == status)
                    #expect(reply.header("Retry-After") == (isHealthy ? nil : "5"))
                    #expect(try reply.json["checks"] == nil)
                }
                let reply = try await api.call("GET", path, as: Self.token)
                #expect(reply.status == status)
                #expect(try reply.json["checks"]?["switch"]?["ok"] == .bool(isHealthy))
                #expect(try reply.json["checks"]?["draining"]?["ok"] == .bool(true))
            }
        }
    }

    @Test("who is about to stop is not ready, but alive")
    func draining() async throws {
        try await APIFixture.run { api in
            api.readiness.beginDraining()
            let ready = try await api.call("GET", "/health/ready")
            #expect(ready.status == 503)
            #expect(try await api.call("GET", "/health/live").status == 200)
        }
    }

    @Test("a server that drains refuses work and goes on answering health and metrics")
    func drainingServer() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            api.server.beginDraining()
            let client = try HTTPClient(port: api.server.port)
            try expectProblem(try await client.query("SELECT 1", as: user), 503, "draining")
            await client.close()
            for path in ["/health/live", "/metrics"] {
                let client = try HTTPClient(port: api.server.port)
                #expect(try await client.call("GET", path).status == 200)
                await client.close()
            }
        }
    }

    @Test("metrics are open, for operators, or off")
    func metricsAccess() async throws {
        let cases: [(access: MetricsAccess, token: String?, status: Int)] = [
            (.open, nil, 200), (.open, "wrong", 200), (.token, nil, 404), (.token, "wrong", 404),
            (.token, Self.token, 200), (.off, nil, 404), (.off, Self.token, 404),
        ]
        for (access, token, status) in cases {
            try await APIFixture.run {
                try withToken(&$0)
                $0.access.metrics = access
            } _: { api in
                let reply = try await api.call("GET", "/metrics", as: token)
                if status == 404 {
                    try expectProblem(reply, 404, "not_found")
                } else {
                    #expect(reply.status == status, "\(access) \(token ?? "")")
                }
            }
        }
        try await APIFixture.run {
            $0.access.metrics = .token
        } _: { api in
            try expectProblem(try await api.call("GET", "/metrics", as: ""), 404, "not_found")
        }
    }

    @Test("the metrics pass promtool and Prometheus' own parser, and name no user")
    func exposition() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser("zaphod")
            try await api.rows("CREATE TABLE t(v)", as: user)
            _ = try await api.query("nonsense", as: user)
            _ = try await api.logIn("zaphod", password: "wrong one")
            _ = try await api.call("GET", "/nowhere/zaphod")
            let reply = try await api.call("GET", "/metrics")
            #expect(reply.header("Content-Type")?.hasPrefix("text/plain; version=0.0.4") == true)
            for secret in ["zaphod", user.id, user.sessionID, user.token] { #expect(!reply.text.contains(secret)) }
            let checked = try await ChildProcess.run(
                "/usr/bin/promtool", ["check", "metrics"], in: api.directory, input: reply.body)
            #expect(checked.ending == .exit(0), "\(checked.output)\(checked.errors)")
            #expect(checked.output + checked.errors == "")
            let parsed = try await ChildProcess.run(
                "/usr/bin/python3", ["-c", Self.parser, "prometheus_client.parser"], in: api.directory,
                input: reply.body)
            #expect(parsed.ending == .exit(0), "\(parsed.errors)")
            let families = Set(parsed.output.split(separator: "\n").map(String.init))
            #expect(Self.families.subtracting(families) == [])
        }
    }

    @Test("there are no more series for many users than for one, and every route has its own from the start")
    func cardinality() async throws {
        try await APIFixture.run { api in
            let first = try await series(of: api)
            for template in ["/v1/query", "/v1/sessions/{id}", "/v1/admin/engines/{user}/close", "none"] {
                #expect(first.contains(#"coffer_http_request_seconds_count{route="\#(template)"}"#))
            }
            var counts: [Int] = []
            for number in 0..<10 {
                let user = try await api.makeUser("user-\(number)")
                try await api.rows("CREATE TABLE t\(number)(v)", as: user)
                _ = try await api.query("nonsense \(number)", as: user)
                _ = try await api.call("DELETE", "/v1/sessions/\(user.sessionID)", as: user.token)
                _ = try await api.call("GET", "/nowhere/\(user.id)")
                counts.append(try await series(of: api).count)
            }
            #expect(counts.last == counts.first)
        }
    }

    private func series(of api: APIFixture) async throws -> Set<Substring> {
        let lines = try await api.call("GET", "/metrics").text.split(separator: "\n").filter { !$0.hasPrefix("#") }
        return Set(lines.compactMap { line in line.lastIndex(of: " ").map { line[..<$0] } })
    }

    @Test("OpenMetrics comes to whoever accepts it, and parses")
    func openMetrics() async throws {
        try await APIFixture.run { api in
            let reply = try await api.call(
                "GET", "/metrics", headers: [("Accept", "application/openmetrics-text; version=1.0.0")])
            #expect(reply.header("Content-Type")?.hasPrefix("application/openmetrics-text") == true)
            #expect(reply.text.hasSuffix("# EOF\n"))
            let parsed = try await ChildProcess.run(
                "/usr/bin/python3", ["-c", Self.parser, "prometheus_client.openmetrics.parser"], in: api.directory,
                input: reply.body)
            #expect(parsed.ending == .exit(0), "\(parsed.errors)")
        }
    }

    @Test("requests are counted by route template, connections by kind and state")
    func counts() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("SELECT 1", as: user)
            _ = try await api.call("DELETE", "/v1/sessions/no-such-id", as: user.token)
            _ = try await api.call("GET", "/nowhere", as: user.token)
            for method in ["GET", "HEAD", "GET"] { _ = try await api.call(method, "/v1/me", as: user.token) }
            _ = try await api.call("GET", "/v1/me")
            let text = try await api.call("GET", "/metrics").text
            let lines = Set(text.split(separator: "\n").map(String.init))
            for line in [
                #"coffer_http_requests_total{route="/v1/query",method="POST",status="200"} 2"#,
                #"coffer_http_requests_total{route="/v1/sessions/{id}",method="DELETE",status="404"} 1"#,
                #"coffer_http_requests_total{route="none",method="any",status="404"} 1"#,
                #"coffer_http_requests_total{route="/v1/me",method="GET",status="200"} 2"#,
                #"coffer_http_requests_total{route="/v1/me",method="HEAD",status="200"} 1"#,
                #"coffer_http_requests_total{route="/v1/me",method="GET",status="401"} 1"#,
                #"coffer_logins_total{result="success"} 1"#, #"coffer_logins_total{result="too_many_attempts"} 0"#,
                "coffer_engines_opened_total 1", #"coffer_engines{state="open"} 1"#,
                #"coffer_connections{pool_role="writer",state="idle"} 1"#,
                #"coffer_connections{pool_role="reader",state="idle"} 1"#,
                #"coffer_connections{pool_role="reader",state="leased"} 0"#, "coffer_connections_pending 0",
                "coffer_sessions_active 1", "coffer_http_requests_in_flight 1",
                #"coffer_statement_seconds_count{pool_role="reader"} 1"#,
                #"coffer_statement_seconds_count{pool_role="writer"} 1"#, "coffer_engine_close_failures_total 0",
                #"coffer_engines_closed_total{reason="logout"} 0"#,
            ] {
                #expect(lines.contains(line), "\(line)")
            }
        }
    }

    @Test("the landing page and the OpenAPI document are served as they lie there; what is missing is not found")
    func publicFiles() async throws {
        try await withTemporaryDirectory { directory in
            FileTree.makeDirectory(directory.file("Public"))
            FileContent.write("<!doctype html>", to: directory.file("Public/index.html"))
            try await APIFixture.run(in: directory.path) { api in
                let page = try await api.call("GET", "/")
                #expect(page.status == 200)
                #expect(page.header("Content-Type") == "text/html; charset=utf-8")
                #expect(page.header("Content-Security-Policy") == "default-src 'self'")
                #expect(page.text == "<!doctype html>")
                #expect(try await api.call("HEAD", "/").header("Content-Length") == "15")
                try expectProblem(try await api.call("GET", "/openapi.json"), 404, "not_found")
            }
        }
    }

    private static let parser = """
        import sys, importlib
        parser = importlib.import_module(sys.argv[1])
        for family in parser.text_string_to_metric_families(sys.stdin.read()):
            print(family.name)
        """

    /// As the parser names them: counters without `_total`.
    private static let families: Set<String> = [
        "process_cpu_seconds", "process_resident_memory_bytes", "process_virtual_memory_bytes", "process_open_fds",
        "process_max_fds", "process_start_time_seconds", "coffer_connections", "coffer_connections_pending",
        "coffer_connections_max", "coffer_connection_acquire_seconds", "coffer_connection_usage_seconds",
        "coffer_connection_creation_seconds", "coffer_connection_timeouts", "coffer_connections_evicted",
        "coffer_connection_leaks_suspected", "coffer_engines", "coffer_engines_opened", "coffer_engines_closed",
        "coffer_engine_close_failures", "coffer_sessions_active", "coffer_logins", "coffer_password_hash_seconds",
        "coffer_http_requests", "coffer_http_request_seconds", "coffer_http_requests_in_flight",
        "coffer_statement_seconds",
    ]
}
