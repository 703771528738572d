import CofferTesting
import Testing
import UserEngines

@Suite("A user's files for one alone", .timeLimit(.minutes(1)))
struct FilesAloneTests {
    /// A timer that runs out at once does so at every moment of the one who waits, sooner or later.
    private static let attempts = 500

    @Test("whoever has no time to wait for requests to end is refused, and they go on")
    func draining() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let gate = Gate()
            let use = await fixture.hold(user, until: gate)
            for _ in 0..<Self.attempts {
                await #expect(throws: EngineError.inUse) {
                    try await fixture.registry.withFilesAlone(of: user, waiting: .zero) {}
                }
            }
            gate.open()
            try await use.value
            #expect(try await fixture.run("SELECT 1", as: user) == [[.integer(1)]])
        }
    }

    @Test("whoever has no time to wait for another one's files is refused, for an engine or for the files")
    func waiting() async throws {
        var configuration = EngineConfiguration()
        configuration.acquireTimeout = .zero
        try await EngineFixture.run(configuration) { fixture in
            let user = try await fixture.makeUser()
            try await fixture.registry.withFilesAlone(of: user, waiting: .zero) {
                for _ in 0..<Self.attempts {
                    await #expect(throws: EngineError.unavailable) { _ = try await fixture.run("SELECT 1", as: user) }
                    await #expect(throws: EngineError.inUse) {
                        try await fixture.registry.withFilesAlone(of: user, waiting: .zero) {}
                    }
                }
            }
        }
    }

    @Test("a close that was asked for spares the engine that somebody has opened since")
    func successor() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            for _ in 0..<Self.attempts / 10 {
                _ = try await fixture.run("SELECT 1", as: user)
                async let isClosed = fixture.registry.forceClose(user, reason: .admin)
                try await eventually { fixture.registry.census().open == 0 }
                _ = try await fixture.run("SELECT 1", as: user)
                #expect(await isClosed)
                #expect(fixture.registry.census().open == 1)
            }
        }
    }
}
