import CofferTesting
import Testing

@Suite("Users who come and go while the reaper works", .timeLimit(.minutes(5)))
struct ChurnTests {
    /// Everything that can close an engine does so all the time.
    private static let environment = [
        "COFFER_REAPER_INTERVAL": "200ms", "COFFER_REAPER_JITTER": "0s", "COFFER_RELEASE_INTERVAL": "500ms",
        "COFFER_ENGINE_IDLE_TIMEOUT": "20ms", "COFFER_CONNECTION_IDLE_TIMEOUT": "20ms",
        "COFFER_SESSION_IDLE_TIMEOUT": "3s", "COFFER_LOG_LEVEL": "error",
        // The connection that the census is taken on is silent for longest.
        "COFFER_IDLE_TIMEOUT": "5m",
    ]

    @Test("not one request fails, and everything is closed at the end")
    func short() async throws {
        try await churn(for: .seconds(4))
    }

    @Test("the same for a minute", .enabled(if: LongTests.areEnabled))
    func long() async throws {
        try await churn(for: .seconds(60))
    }

    private func churn(for duration: Duration) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, environment: Self.environment) { server in
                let before = try await server.census()
                let visits = Visits(server)
                let end = ContinuousClock.now + duration
                let rows = try await visits.each(0..<50, clients: 50) { number, client in
                    try await live(as: "user-\(number)", until: end, visits, client)
                }
                #expect(rows.allSatisfy { $0 > 0 })
                #expect(visits.refusals == 0)
                try await eventually { try await server.census() == before }
                #expect(before.engines == 0)
                // Otherwise nothing has raced.
                let text = try await server.call("GET", "/metrics").text
                for reason in ["logout", "idle"] {
                    #expect(!text.contains(#"coffer_engines_closed_total{reason="\#(reason)"} 0"#), "\(reason)")
                }
                #expect(!text.contains("coffer_release_pass_total 0"))
                #expect(server.process.errors == "")
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    /// Logs in, works, and logs out or leaves the session to expire, over and over; the number of rows written.
    private func live(
        as name: String, until end: ContinuousClock.Instant, _ visits: Visits, _ client: HTTPClient
    ) async throws -> Int {
        var token = try await visits.register(name, on: client)
        var rows = 0
        // One round at least, however long the registrations have taken.
        repeat {
            for _ in 0..<Int.random(in: 1...5) {
                rows += 1
                try await visits.write(rows, as: token, on: client)
            }
            if Bool.random() { try await visits.logOut(token, on: client) }
            token = try await visits.logIn(name, on: client)
        } while ContinuousClock.now < end
        return rows
    }
}
