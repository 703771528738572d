import CofferTesting
import ConnectionPool
import SQLCipher
import Secrets
import Testing
import Timekeeping

@testable import UserEngines

/// What once went wrong in a registry of this kind.
@Suite struct RegistryRepairTests {
    @Test("room is made by an engine that holds descriptors, though one without has been unused for longer")
    func emptyEngineGivesNoRoom() async throws {
        try await EngineFixture.run(budget: 4) { fixture in
            var users: [UserID] = []
            for _ in 0..<4 { users.append(try await fixture.makeUser()) }
            _ = try await fixture.run("CREATE TABLE t (a)", as: users[0])
            let session = fixture.activity.begin(
                user: users[0], kind: .session, until: fixture.time.now.advanced(by: .seconds(9999)))
            var configuration = ReaperConfiguration()
            configuration.releaseInterval = .zero
            _ = await fixture.makeReaper(configuration).pass()
            try await eventually { fixture.budget.used == 0 }
            for user in users[1...2] {
                fixture.time.advance(by: .seconds(1))
                _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            }
            #expect(fixture.budget.used == 4)
            fixture.time.advance(by: .seconds(1))
            _ = try await fixture.run("CREATE TABLE t (a)", as: users[3])
            session.end()
        }
    }

    @Test("an error inside a batch evicts as it does outside")
    func batchErrorEvicts() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            let error = await #expect(throws: StatementFailure.self) {
                try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                    try await engine.runBatch(atomic: true, timeout: .seconds(1)) { _ in
                        throw StatementFailure(index: 3, cause: SQLiteError(.ioError, message: "disk I/O error"))
                    }
                }
            }
            #expect(error?.index == 3)
            #expect(fixture.scrape().contains("coffer_connections_evicted_total{reason=\"broken\"} 1\n"))
        }
    }

    @Test("a release pass over engines that have long been idle checkpoints them and reports no failure")
    func releaseAfterIdle() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(9999)))
            fixture.time.advance(by: .seconds(600))
            #expect(fixture.registry.logBytes() > 0)
            var configuration = ReaperConfiguration()
            configuration.releaseInterval = .zero
            _ = await fixture.makeReaper(configuration).pass()
            try await eventually { fixture.openUserFiles == [] }
            #expect(fixture.registry.logBytes() == 0)
            #expect(fixture.scrape().contains("coffer_checkpoint_failures_total 0\n"))
            #expect(fixture.scrape().contains("coffer_connection_timeouts_total 0\n"))
            session.end()
        }
    }

    @Test("a logout while the engine is being opened closes it as soon as nobody uses it")
    func logoutWhileOpening() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            for _ in 0..<50 {
                let request = Task { try await fixture.run("SELECT 1", as: user) }
                await fixture.registry.closeIfUnneeded(user, reason: .logout)
                _ = try await request.value
                await fixture.registry.closeIfUnneeded(user, reason: .logout)
                #expect(fixture.registry.census().open == 0)
            }
        }
    }

    @Test("the state of an opening remembers the logout, also when nobody waits for it any more")
    func openingRemembersLogout() {
        final class Fake: Sendable {}
        var state = RegistryState<Fake>()
        let user = UserID()
        let now = MonotonicInstant(nanoseconds: 1)
        guard case .open = state.step(for: user, keyEpoch: 0, at: now) else {
            Issue.record("the first request must open")
            return
        }
        let atOnce = state.closeIfUnneeded(user, reason: .logout, isActive: false)
        #expect(atOnce == nil)
        let (_, waiters, closing) = state.opened(user, Fake(), at: now, isActive: false)
        #expect(waiters.isEmpty)
        #expect(closing?.reason == .logout)
    }

    @Test("an engine whose close failed is closed by the next pass, whoever is active, and shown as closing until then")
    func stuckEngine() {
        final class Fake: Sendable {}
        var state = RegistryState<Fake>()
        let user = UserID()
        let engine = Fake()
        let now = MonotonicInstant(nanoseconds: 1)
        _ = state.step(for: user, keyEpoch: 0, at: now)
        _ = state.opened(user, engine, at: now, isActive: true)
        guard case .close(let closing) = state.forceStep(user, reason: .admin) else {
            Issue.record("an open engine must be closed")
            return
        }
        #expect(state.closed(closing, failed: true).isEmpty)
        #expect(state.counts == RegistryCounts(opening: 0, open: 0, closing: 1))
        guard let snapshot = state.snapshot(of: user) else {
            Issue.record("a pass must see the engine")
            return
        }
        #expect(ReaperPolicy(engineIdleTimeout: .seconds(900)).decision(about: snapshot, at: now) == .reaped)
        #expect(state.closeIfUnused(user, reason: .reaped, isActive: true)?.reason == .admin)
    }

    @Test("a database is removed only when its engine is closed, though requests keep opening it")
    func deletionBesideRequests() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let requests = Task(executorPreference: fixture.workers) {
                while true { _ = try await fixture.run("SELECT 1", as: user) }
            }
            try await eventually { fixture.registry.census().open == 1 }
            try await fixture.registry.deleteDatabase(of: user)
            await #expect(throws: (any Error).self) { try await requests.value }
            #expect(fixture.openUserFiles == [])
            #expect(DataDirectory.size(ofFile: fixture.files.databasePath(of: user)) == 0)
        }
    }
}
