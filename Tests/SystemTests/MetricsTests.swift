import CofferTesting
import Testing

@Suite("Metrics of a server that has just started")
struct MetricsTests {
    @Test("every series whose labels are known is there, and promtool has nothing to complain about")
    func start() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let reply = try await server.call("GET", "/metrics")
                let lines = reply.text.split(separator: "\n").map(String.init)
                var values: [String: String] = [:]
                for line in lines where !line.hasPrefix("#") {
                    let space = try #require(line.lastIndex(of: " "))
                    values[String(line[..<space])] = String(line[line.index(after: space)...])
                }
                for series in Self.atZero { #expect(values[series] == "0", "\(series)") }
                for name in Self.histograms {
                    #expect(values["\(name)_count"] == "0", "\(name)")
                    #expect(lines.contains("# TYPE \(name) histogram"), "\(name)")
                }
                for series in Self.others { #expect(values[series] != nil, "\(series)") }
                #expect(values.keys.contains { $0.hasPrefix("coffer_build_info{version=") })
                let checked = try await ChildProcess.run(
                    "/usr/bin/promtool", ["check", "metrics"], in: directory.path, input: reply.body)
                #expect(checked.ending == .exit(0))
                #expect(checked.output + checked.errors == "")
            }
        }
    }

    @Test("a pass of the reaper brings the descriptors by class up to date, and their number always is")
    func descriptors() async throws {
        try await withTemporaryDirectory { directory in
            let token = "an admin token that is long enough"
            try await ServerProcess.run(in: directory, environment: ["COFFER_ADMIN_TOKEN": token]) { server in
                let ada = try await server.makeUser("ada")
                let admin = SystemUser(name: "", password: "", token: token)
                let query = try await server.call("POST", "/v1/query", as: ada, json: #"{"sql": "CREATE TABLE t (a)"}"#)
                #expect(query.status == 200)
                #expect(try await server.call("POST", "/v1/admin/reap", as: admin).status == 200)
                let text = try await server.call("GET", "/metrics").text
                let paths = OpenFiles.paths(ofProcess: server.process.id)
                let main = paths.filter { $0.hasSuffix(".db") }.count
                #expect(paths.contains { $0.hasSuffix("/main.db") })
                #expect(text.contains("coffer_descriptors{class=\"main\"} \(main)\n"))
                #expect(
                    text.contains("coffer_descriptors{class=\"wal\"} \(paths.filter { $0.hasSuffix("-wal") }.count)\n"))
                #expect(text.contains("process_open_fds \(paths.count)\n"))
            }
        }
    }

    private static func labelled(_ name: String, _ label: String, _ values: [String]) -> [String] {
        values.map { #"\#(name){\#(label)="\#($0)"}"# }
    }

    private static let atZero =
        [
            "coffer_connections_pending", "coffer_connections_max", "coffer_connection_timeouts_total",
            "coffer_connection_leaks_suspected", "coffer_engines_opened_total", "coffer_engine_close_failures_total",
            "coffer_descriptor_budget_used", "coffer_sessions_active", "coffer_research_active",
            "coffer_research_listeners", "coffer_protected_users",
            "coffer_reaper_runs_total", "coffer_reaper_last_run_timestamp_seconds", "coffer_reaper_duration_seconds",
            "coffer_reaper_closed_total", "coffer_reaper_failed_total", "coffer_reaper_skipped_total",
            "coffer_release_pass_total", "coffer_wal_bytes", "coffer_checkpoint_failures_total",
            "coffer_backup_bytes_total",
        ]
        + ["idle", "leased", "opening", "closing"].flatMap { state in
            ["reader", "writer", "service"].map { #"coffer_connections{pool_role="\#($0)",state="\#(state)"}"# }
        }
        + labelled("coffer_engines", "state", ["opening", "open", "closing"])
        + labelled(
            "coffer_engines_closed_total", "reason",
            ["logout", "reaped", "idle", "budget", "admin", "maintenance", "deleted", "drained"])
        + labelled("coffer_backups_total", "result", ["success", "failed", "cancelled"])
        + labelled(
            "coffer_connections_evicted_total", "reason",
            [
                "lifetime", "idle_timeout", "dead", "cancelled", "broken", "released", "pool_closed",
                "statement_timeout",
                "old_snapshot", "changed_setting", "temporary_object", "rollback_failed",
            ])
        + labelled(
            "coffer_user_lock_entries", "table", ["initialization", "backup", "research_admission", "maintenance"])
        + labelled("coffer_research_listeners_dropped_total", "reason", ["slow", "session_ended", "draining"])
        + labelled(
            "coffer_logins_total", "result",
            ["success", "invalid_credentials", "account_disabled", "too_many_attempts", "password_queue_full", "error"])

    private static let histograms = [
        "coffer_connection_acquire_seconds", "coffer_connection_usage_seconds", "coffer_connection_creation_seconds",
        "coffer_password_hash_seconds", "coffer_backup_seconds",
    ]

    private static let others =
        [
            "coffer_descriptor_budget", "coffer_http_requests_in_flight",
            #"coffer_http_request_seconds_count{route="/v1/query"}"#,
            #"coffer_statement_seconds_count{pool_role="reader"}"#,
            #"coffer_statement_seconds_count{pool_role="writer"}"#, "process_cpu_seconds_total", "process_open_fds",
            "process_max_fds", "process_virtual_memory_bytes", "process_resident_memory_bytes",
            "process_start_time_seconds",
        ] + labelled("coffer_descriptors", "class", ["main", "wal", "shm", "socket", "other"])
}
