import CofferTesting
import JSON
import Testing

@Suite("A limit of 128 file descriptors", .timeLimit(.minutes(5)))
struct DescriptorLimitTests {
    /// Who comes, and what they find.
    struct Load: Sendable, CustomTestStringConvertible {
        let users: Int
        let environment: [String: String]
        let clients: Int
        /// Whether some requests will not get an engine in time.
        let isTooMuch: Bool

        var testDescription: String { "\(users) users, \(clients) clients, \(environment)" }
    }

    private static let loads = [
        Load(users: 300, environment: [:], clients: 24, isTooMuch: false),
        Load(
            users: 100, environment: ["COFFER_DESCRIPTOR_BUDGET": "8", "COFFER_ACQUIRE_TIMEOUT": "20ms"], clients: 60,
            isTooMuch: true),
    ]

    @Test(
        "active users are served, or told when to come again, and no descriptor is ever missing", arguments: loads)
    func users(_ load: Load) async throws {
        try await serve(rounds: 1, load)
    }

    @Test("the same for many rounds", .enabled(if: LongTests.areEnabled), arguments: loads)
    func manyRounds(_ load: Load) async throws {
        try await serve(rounds: 30, load)
    }

    @Test("more clients than descriptors wait in line, and are served when others have gone")
    func clients() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, ["--log-level", "warning"], limit: "-n 128") { server in
                let ada = try await server.makeUser("ada")
                var silent: [HTTPClient] = []
                for _ in 0..<200 { silent.append(try HTTPClient(port: server.port)) }
                // The kept connection was there before them.
                #expect(try await server.rows("SELECT 1", as: ada) == .array([.array([.integer(1)])]))
                let late = try HTTPClient(port: server.port)
                try await late.send(HTTPClient.encode("GET", "/health/live"))
                for client in silent { await client.close() }
                #expect(try await late.readReply().status == 200)
                await late.close()
                try await withThrowingTaskGroup(of: Int.self) { group in
                    for _ in 0..<200 {
                        group.addTask {
                            let client = try HTTPClient(port: server.port, patience: .seconds(60))
                            let reply = try await client.request(
                                "GET", "/health/live", headers: [("Connection", "close")])
                            await client.close()
                            return reply.status
                        }
                    }
                    for try await status in group { #expect(status == 200) }
                }
                expectNoneMissing(server)
            }
        }
    }

    private func serve(rounds: Int, _ load: Load) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(
                in: directory, ["--log-level", "warning", "--idle-timeout", "5m"], environment: load.environment,
                limit: "-n 128"
            ) { server in
                let before = try await server.census()
                let visits = Visits(server)
                let users = try await visits.each(0..<load.users, clients: load.clients) { number, client in
                    try await visits.register("user-\(number)", on: client)
                }
                for round in 1...rounds {
                    _ = try await visits.each(users, clients: load.clients) { user, client in
                        try await visits.write(round, as: user, on: client)
                    }
                }
                #expect((visits.refusals > 0) == load.isTooMuch, "\(visits.refusals) requests were put off")
                _ = try await visits.each(users, clients: load.clients) { user, client in
                    try await visits.logOut(user, on: client)
                }
                try await eventually { try await server.census() == before }
                expectNoneMissing(server)
            }
        }
    }

    private func expectNoneMissing(_ server: ServerProcess) {
        for text in ["Too many open files", "no resources to accept", "SQLITE_CANTOPEN"] {
            #expect(!server.written.contains(text), "\(text)")
        }
    }
}
