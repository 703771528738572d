import CofferTesting
import Testing
import Timekeeping

@testable import UserEngines

@Suite struct ReaperTests {
    private let policy = ReaperPolicy(engineIdleTimeout: .seconds(900))
    private let now = MonotonicInstant(nanoseconds: 10_000_000_000_000)

    private func engine(uses: Int = 0, unusedFor: Duration = .zero, isActive: Bool) -> EngineSnapshot {
        EngineSnapshot(
            user: UserID(), uses: uses, lastUsed: now.advanced(by: .zero - unusedFor), isActive: isActive)
    }

    @Test("an engine that nobody is active on is reaped")
    func inactive() {
        #expect(policy.decision(about: engine(isActive: false), at: now) == .reaped)
    }

    @Test("an active user's engine stays until nobody has used it for the idle timeout")
    func active() {
        #expect(policy.decision(about: engine(unusedFor: .seconds(899), isActive: true), at: now) == nil)
        #expect(policy.decision(about: engine(unusedFor: .seconds(900), isActive: true), at: now) == .idle)
    }

    @Test("the engine of a live research stays, however long nobody has used it")
    func research() {
        var engine = engine(unusedFor: .seconds(9999), isActive: true)
        engine.hasResearch = true
        #expect(policy.decision(about: engine, at: now) == nil)
    }

    @Test("a pass leaves an engine that has been idle for long to a live research, and not to a session")
    func idle() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            let deadline = fixture.time.now.advanced(by: .seconds(9999))
            let session = fixture.activity.begin(user: user, kind: .session, until: deadline)
            let research = fixture.activity.begin(user: user, kind: .research, until: deadline)
            fixture.time.advance(by: .seconds(900))
            #expect(await fixture.makeReaper().pass().closed == 0)
            research.end()
            #expect(await fixture.makeReaper().pass().closed == 1)
            session.end()
        }
    }

    @Test("an engine in use stays, whoever is active")
    func used() {
        #expect(policy.decision(about: engine(uses: 1, unusedFor: .seconds(9999), isActive: true), at: now) == nil)
        #expect(policy.decision(about: engine(uses: 1, isActive: false), at: now) == nil)
    }

    @Test(
        "a pass closes the engines of users with neither session nor research, and only those",
        arguments: [[], [.session], [.research], [.session, .research]] as [[Activity.Kind]])
    func pass(kinds: [Activity.Kind]) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            let deadline = fixture.time.now.advanced(by: .seconds(60))
            let holders = kinds.map { fixture.activity.begin(user: user, kind: $0, until: deadline) }
            let report = await fixture.makeReaper().pass()
            #expect(report.closed == (kinds.isEmpty ? 1 : 0))
            #expect(fixture.registry.census().open == (kinds.isEmpty ? 0 : 1))
            for holder in holders { holder.end() }
        }
    }

    @Test("an expired session protects nobody, also before anybody has ended it")
    func expired() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(60)))
            fixture.time.advance(by: .seconds(60))
            #expect(await fixture.makeReaper().pass().closed == 1)
            session.end()
        }
    }

    @Test("what became active between the look and the close is seen under the lock")
    func appearsBetween() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            #expect(policy.decision(about: fixture.registry.snapshots()[0], at: fixture.time.now) == .reaped)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(60)))
            #expect(
                await fixture.registry.reap(user, reason: .reaped, idleTimeout: .seconds(900)) == .skipped)
            #expect(fixture.registry.census().open == 1)
            session.end()
        }
    }

    @Test("a pass with nothing to do does nothing")
    func nothing() async throws {
        try await EngineFixture.run { fixture in
            let report = await fixture.makeReaper().pass()
            #expect((report.closed, report.failed, report.skipped) == (0, 0, 0))
        }
    }

    @Test("the first pass comes one interval after the start, and a reaper without passes is overdue")
    func interval() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            var configuration = ReaperConfiguration()
            configuration.jitter = .zero
            let reaper = fixture.makeReaper(configuration)
            let loop = Task { await reaper.run() }
            await fixture.time.sleepers(atLeast: 1)
            #expect(reaper.lastReport == nil)
            #expect(fixture.registry.census().open == 1)
            fixture.time.advance(by: .seconds(300))
            try await eventually { reaper.lastReport?.closed == 1 }
            #expect(!reaper.isOverdue)
            await fixture.time.sleepers(atLeast: 1)
            fixture.time.advance(by: .seconds(901))
            try await eventually { !reaper.isOverdue }
            loop.cancel()
            await loop.value
            fixture.time.advance(by: .seconds(901))
            #expect(reaper.isOverdue)
        }
    }

    @Test("a release pass gives the idle connections' descriptors back and leaves the engine open")
    func releasePass() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run("SELECT * FROM t", as: user)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(9999)))
            var configuration = ReaperConfiguration()
            configuration.releaseInterval = .zero
            configuration.engineIdleTimeout = .seconds(9999)
            let report = await fixture.makeReaper(configuration).pass()
            #expect(report.isReleasePass)
            try await eventually { fixture.openUserFiles == [] }
            #expect(fixture.registry.census().open == 1)
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(0)]])
            session.end()
        }
    }
}
