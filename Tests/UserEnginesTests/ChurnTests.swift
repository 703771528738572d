import CofferTesting
import SQLCipher
import Testing
import Timekeeping

@testable import UserEngines

/// Many users who come and go while the reaper works.
@Suite struct ChurnTests {
    private func run(users count: Int, for duration: Duration) async throws {
        try await EngineFixture.run(budget: 60) { fixture in
            var users: [UserID] = []
            for _ in 0..<count {
                let user = try await fixture.makeUser()
                _ = try await fixture.run("CREATE TABLE t (a)", as: user)
                users.append(user)
            }
            let end = ContinuousClock.now + duration
            var configuration = ReaperConfiguration()
            configuration.engineIdleTimeout = .zero
            configuration.releaseInterval = .zero
            let reaper = fixture.makeReaper(configuration)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while ContinuousClock.now < end { _ = await reaper.pass() }
                }
                for user in users {
                    group.addTask { try await live(as: user, until: end, fixture) }
                }
                try await group.waitForAll()
            }
            #expect(fixture.activity.activeUserCount == 0)
            for _ in users { _ = await reaper.pass() }
            #expect(fixture.registry.census().open == 0)
            #expect(fixture.budget.used == 0)
            #expect(fixture.openUserFiles == [])
        }
    }

    /// Logs in, works, and logs out or lets the session expire, over and over; no request may fail.
    private func live(as user: UserID, until end: ContinuousClock.Instant, _ fixture: EngineFixture) async throws {
        var generator = SystemRandomNumberGenerator()
        var written = 0
        while ContinuousClock.now < end {
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(3600)))
            for _ in 0..<Int.random(in: 1...5, using: &generator) {
                _ = try await fixture.run("INSERT INTO t VALUES (1)", as: user)
                written += 1
                let rows = try await fixture.run("SELECT count(*) FROM t", as: user)
                #expect(rows == [[.integer(Int64(written))]])
            }
            session.end()
            if Bool.random(using: &generator) { await fixture.registry.closeIfUnneeded(user, reason: .logout) }
        }
    }

    @Test("logins, queries and logouts race the reaper, and not one request fails")
    func race() async throws {
        try await run(users: 50, for: .seconds(3))
    }

    @Test("the same for a minute", .enabled(if: LongTests.areEnabled))
    func longRace() async throws {
        try await run(users: 50, for: .seconds(60))
    }

    @Test("a thousand users come and go, and leave no engine, no descriptor and no lock behind")
    func thousandUsers() async throws {
        try await EngineFixture.run(budget: 10_000) { fixture in
            var users: [UserID] = []
            for _ in 0..<1000 { users.append(try await fixture.makeUser()) }
            let deadline = fixture.time.now.advanced(by: .seconds(60))
            let sessions = users.map { fixture.activity.begin(user: $0, kind: .session, until: deadline) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in users { group.addTask { _ = try await fixture.run("SELECT 1", as: user) } }
                try await group.waitForAll()
            }
            #expect(fixture.registry.census().open == 1000)
            let reaper = fixture.makeReaper()
            #expect(await reaper.pass().closed == 0)
            fixture.time.advance(by: .seconds(60))
            #expect(await reaper.pass().closed == 1000)
            for session in sessions { session.end() }
            #expect(fixture.openUserFiles == [])
            for table in UserLocks.Table.allCases { #expect(fixture.locks[table].count == 0) }
        }
    }
}
