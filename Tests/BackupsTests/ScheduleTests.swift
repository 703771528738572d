import Accounts
import CofferTesting
import Testing
import UserEngines

@testable import Backups

@Suite("Backups on time")
struct ScheduleTests {
    @Test("a user who comes back after the interval is backed up, and not again before the next")
    func arrival() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            #expect(ada.backupFiles == [], "the first one is due an interval after registration")
            fixture.time.advance(by: .seconds(86_400))
            try await ada.run("SELECT 1")
            try await eventually { try await fixture.backups.backups(of: ada.id).count == 1 }
            #expect(try await fixture.backups.backups(of: ada.id).first?.kind == .scheduled)
            try await eventually { fixture.backups.running(of: ada.id) == nil }
            #expect(await !fixture.backups.keepsOpen(ada.id))
            fixture.time.advance(by: .seconds(86_399))
            #expect(await !fixture.backups.keepsOpen(ada.id))
        }
    }

    @Test("the reaper leaves an engine open for a backup that is due, which closes it afterwards")
    func reaping() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let gate = Gate()
            let holder = Task { try await fixture.backups.turns.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            fixture.time.advance(by: .seconds(86_400))
            try await fixture.accounts.endSession(ada.login.session.id, of: ada.id)
            let report = await fixture.reaper.pass()
            #expect(report.closed == 0 && report.skipped == 1)
            #expect(fixture.engines.census().open == 1)
            #expect(fixture.backups.running(of: ada.id)?.kind == .scheduled)
            gate.open()
            try await holder.value
            try await eventually { fixture.engines.census().open == 0 }
            #expect(try await fixture.backups.backups(of: ada.id).count == 1)
        }
    }

    @Test("a backup that fails does not keep an engine from closing, and is not tried again at once")
    func failure() async throws {
        try await BackupsFixture.run {
            $0.backups.reservedBytes = 1 << 60
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            fixture.time.advance(by: .seconds(86_400))
            #expect(await fixture.backups.keepsOpen(ada.id))
            try await eventually { fixture.backups.failed(of: ada.id) != nil }
            try await eventually { await !fixture.backups.keepsOpen(ada.id) }
            #expect(fixture.engines.census().open == 1, "the session is live")
            try await fixture.accounts.endSession(ada.login.session.id, of: ada.id)
            #expect(await fixture.reaper.pass().closed == 1)
            fixture.time.advance(by: .seconds(8_640))
            let again = try await fixture.logIn("ada")
            try await again.run("SELECT 1")
            try await eventually {
                fixture.scrape.contains(#"coffer_backups_total{result="failed"} 2"#)
            }
        }
    }

    @Test("an engine that has closed before the turn came is no failure")
    func closed() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let gate = Gate()
            let holder = Task { try await fixture.backups.turns.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            fixture.time.advance(by: .seconds(86_400))
            #expect(await fixture.backups.keepsOpen(ada.id))
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            gate.open()
            try await holder.value
            try await eventually { fixture.backups.running(of: ada.id) == nil }
            #expect(fixture.scrape.contains(#"coffer_backups_total{result="failed"} 0"#))
            #expect(ada.backupFiles == [])
        }
    }
}
