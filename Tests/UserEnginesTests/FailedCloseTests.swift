import CSQLCipher
import CofferTesting
import Testing

@testable import SQLCipher
@testable import UserEngines

@Suite("Closes that fail")
struct FailedCloseTests {
    /// Something that SQLite will not close the user's writer over; the caller finalizes it.
    private func obstruct(_ user: UserID, _ fixture: EngineFixture) async throws -> OpaquePointer {
        try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
            let statement = try await engine.writer.withConnection { connection in
                var statement: OpaquePointer?
                sqlite3_prepare_v2(connection.handle, "SELECT 1", -1, &statement, nil)
                return InterruptibleHandle(pointer: try #require(statement))
            }
            return statement.pointer
        }
    }

    @Test("one that fails among many stops no other, is counted, and is tried again by the next pass")
    func oneAmongMany() async throws {
        try await EngineFixture.run { fixture in
            var users: [UserID] = []
            for _ in 0..<5 {
                users.append(try await fixture.makeUser())
                _ = try await fixture.run("SELECT 1", as: users.last!)
            }
            let statement = try await obstruct(users[2], fixture)
            let reaper = fixture.makeReaper()
            let report = await reaper.pass()
            #expect((report.closed, report.failed) == (4, 1))
            #expect(fixture.registry.census().closing == 1)
            #expect(fixture.scrape().contains("coffer_engine_close_failures_total 1\n"))
            #expect(fixture.budget.used > 0)
            sqlite3_finalize(statement)
            let next = await reaper.pass()
            #expect((next.closed, next.failed) == (1, 0))
            #expect(fixture.registry.census().closing == 0)
            #expect(fixture.openUserFiles == [])
        }
    }

    @Test("a lock that is held when its user's engine closes stays the only one, and goes with its holder")
    func heldLock() async throws {
        try await EngineFixture.run { fixture in
            let users = [try await fixture.makeUser(), try await fixture.makeUser()]
            for user in users { _ = try await fixture.run("SELECT 1", as: user) }
            let statement = try await obstruct(users[1], fixture)
            let gate = Gate()
            let holders = users.map { user in
                Task { try await fixture.locks.backup.withLock(user) { await gate.pass() } }
            }
            await gate.arrivals(atLeast: 2)
            let report = await fixture.makeReaper().pass()
            #expect((report.closed, report.failed, report.locksHeld) == (1, 1, 2))
            #expect(fixture.locks.backup.count == 2)
            gate.open()
            for holder in holders { try await holder.value }
            #expect(fixture.locks.backup.count == 0)
            sqlite3_finalize(statement)
        }
    }

    @Test("a deletion waits for other maintenance of the same files, and goes on when its caller is cancelled")
    func deletion() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let gate = Gate()
            let maintenance = Task { try await fixture.locks.maintenance.withLock(user) { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let deletion = Task { try await fixture.registry.deleteDatabase(of: user) }
            try await eventually { fixture.locks.maintenance.waiterCount(user) == 1 }
            #expect(DataDirectory.size(ofFile: fixture.files.databasePath(of: user)) > 0)
            deletion.cancel()
            gate.open()
            try await maintenance.value
            try await deletion.value
            #expect(DataDirectory.size(ofFile: fixture.files.databasePath(of: user)) == 0)
            #expect(fixture.locks.maintenance.count == 0)
        }
    }
}
