import CofferTesting
import ConnectionPool
import SQLCipher
import Secrets
import Synchronization
import Testing

@testable import UserEngines

@Suite struct EngineRegistryTests {
    @Test("what one request wrote the next one reads, also after the engine was closed")
    func survivesClose() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run("INSERT INTO t VALUES (?)", [7], as: user)
            await fixture.registry.closeIfUnneeded(user, reason: .logout)
            #expect(fixture.openUserFiles == [])
            #expect(try await fixture.run("SELECT a FROM t", as: user) == [[.integer(7)]])
        }
    }

    @Test("of an engine that has closed, and its pools, nothing stays in memory")
    func leavesNothing() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let remains = Remains()
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                for role in PoolRole.allCases { remains.pools.append(Weak(engine.pool(role))) }
            }
            #expect(remains.pools.allSatisfy { $0.pool != nil })
            #expect(await fixture.registry.forceClose(user, reason: .admin))
            try await eventually { remains.pools.allSatisfy { $0.pool == nil } }
        }
    }

    private struct Weak {
        private(set) weak var pool: Engine.Pool?

        init(_ pool: Engine.Pool) {
            self.pool = pool
        }
    }

    private final class Remains {
        var pools: [Weak] = []
    }

    @Test("concurrent first requests share one opening")
    func singleFlight() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 { group.addTask { _ = try await fixture.run("SELECT 1", as: user) } }
                try await group.waitForAll()
            }
            #expect(fixture.scrape().contains("coffer_engines_opened_total 1\n"))
        }
    }

    @Test("a wrong key opens nothing, leaves nothing, and the right one opens afterwards")
    func wrongKey() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let error = await #expect(throws: PoolError.self) {
                try await fixture.registry.withEngine(of: user, key: { try GuardedBytes.random(count: 48) }) { _ in }
            }
            guard case .openFailed(let cause as SQLiteError) = error else {
                Issue.record("unexpected \(String(describing: error))")
                return
            }
            #expect(cause.code == .notADatabase)
            #expect(fixture.openUserFiles == [])
            #expect(fixture.registry.census().total.occupancy.total == 0)
            #expect(try await fixture.run("SELECT 1", as: user) == [[.integer(1)]])
        }
    }

    @Test("a missing file is an error, and no empty database takes its place")
    func missingFile() async throws {
        try await EngineFixture.run { fixture in
            let user = UserID()
            await #expect(throws: PoolError.self) { try await fixture.run("SELECT 1", as: user) }
            #expect(DataDirectory.size(ofFile: fixture.files.databasePath(of: user)) == 0)
            #expect(fixture.openUserFiles == [])
        }
    }

    @Test("an engine in use is closed when its last use ends, unless somebody has become active")
    func closeWhenUnused() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let gate = Gate()
            let use = await fixture.hold(user, until: gate)
            await fixture.registry.closeIfUnneeded(user, reason: .logout)
            #expect(fixture.registry.census().open == 1)
            gate.open()
            try await use.value
            try await eventually { fixture.scrape().contains("coffer_engines_closed_total{reason=\"logout\"} 1\n") }
            #expect(fixture.registry.census().open == 0 && fixture.openUserFiles == [])
        }
    }

    @Test("a use that cannot wait opens nothing, and an engine that is open stays so until it ends")
    func useWithoutWaiting() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let whileClosed = fixture.registry.withOpenEngine(of: user) { _ in true }
            #expect(whileClosed == nil)
            #expect(fixture.openUserFiles == [])
            _ = try await fixture.run("SELECT 1", as: user)
            let closing = fixture.registry.withOpenEngine(of: user) { _ in
                fixture.registry.decide { $0.closeIfUnneeded(user, reason: .logout, isActive: false) }
            }
            let isKept = closing.map { $0 == nil }
            #expect(isKept == true)
            try await eventually { fixture.scrape().contains("coffer_engines_closed_total{reason=\"logout\"} 1\n") }
            #expect(fixture.registry.census().open == 0 && fixture.openUserFiles == [])
        }
    }

    @Test("a login that comes while a use delays the close keeps the engine")
    func loginKeepsEngine() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let gate = Gate()
            let use = await fixture.hold(user, until: gate)
            await fixture.registry.closeIfUnneeded(user, reason: .logout)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(60)))
            gate.open()
            try await use.value
            #expect(fixture.registry.census().open == 1)
            session.end()
        }
    }

    @Test("requests that race closes are all answered, and the count of engines ends at 0")
    func raceWithCloses() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        for _ in 0..<100 { _ = try await fixture.run("INSERT INTO t VALUES (1)", as: user) }
                    }
                    group.addTask {
                        for _ in 0..<100 { await fixture.registry.closeIfUnneeded(user, reason: .reaped) }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(400)]])
            await fixture.registry.closeIfUnneeded(user, reason: .reaped)
            #expect(fixture.registry.census().open == 0)
        }
    }

    @Test("a cancelled first request does not fail those who wait for the same opening")
    func cancelledOpener() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            for _ in 0..<20 {
                let opener = Task { try await fixture.run("SELECT 1", as: user) }
                let other = Task { try await fixture.run("SELECT 2", as: user) }
                opener.cancel()
                #expect(try await other.value == [[.integer(2)]])
                _ = try? await opener.value
                await fixture.registry.closeIfUnneeded(user, reason: .logout)
            }
        }
    }

    @Test("after the shutdown every request is refused")
    func shutdown() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("SELECT 1", as: user)
            await fixture.registry.shutDown()
            #expect(fixture.openUserFiles == [])
            await #expect(throws: EngineError.shuttingDown) { try await fixture.run("SELECT 1", as: user) }
        }
    }

    @Test("deleting a database closes it under its users and removes every file")
    func deletion() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            try await fixture.registry.deleteDatabase(of: user)
            #expect(DataDirectory.size(ofFile: fixture.files.databasePath(of: user)) == 0)
            #expect(fixture.openUserFiles == [])
            await #expect(throws: PoolError.self) { try await fixture.run("SELECT 1", as: user) }
        }
    }
}

extension EngineFixture {
    func scrape() -> String { String(decoding: scrapes.render(.prometheus), as: UTF8.self) }
}
