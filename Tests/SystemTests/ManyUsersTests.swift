import CofferTesting
import Testing

@Suite("Many users who log in, work and go idle", .timeLimit(.minutes(5)))
struct ManyUsersTests {
    /// Idle engines and sessions go at once, so that a round ends when its last request has.
    private static let environment = [
        "COFFER_REAPER_INTERVAL": "100ms", "COFFER_REAPER_JITTER": "0s", "COFFER_ENGINE_IDLE_TIMEOUT": "3s",
        "COFFER_SESSION_IDLE_TIMEOUT": "3s", "COFFER_LOG_LEVEL": "error", "COFFER_IDLE_TIMEOUT": "5m",
    ]

    @Test("200 leave no descriptor, connection or lock behind, and a second round takes no more memory")
    func some() async throws {
        try await rounds(users: 200)
    }

    @Test("the same with a thousand", .enabled(if: LongTests.areEnabled))
    func thousand() async throws {
        try await rounds(users: 1000)
    }

    private func rounds(users count: Int) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, environment: Self.environment) { server in
                let before = try await server.census()
                let visits = Visits(server)
                _ = try await visits.each(0..<count, clients: 16) { number, client in
                    try await visits.register("user-\(number)", on: client)
                }
                var memory: [Int] = []
                for round in 1...2 {
                    _ = try await visits.each(0..<count, clients: 16) { number, client in
                        let token = try await visits.logIn("user-\(number)", on: client)
                        try await visits.write(round, as: token, on: client)
                    }
                    try await eventually { try await server.census() == before }
                    memory.append(try await server.residentMemory())
                }
                #expect(memory[1] - memory[0] < 6 << 20, "\(memory)")
                #expect(visits.refusals == 0)
                #expect(before.engines == 0)
            }
        }
    }
}
