import CofferTesting
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts

@Suite("Sessions after a restart")
struct RestartTests {
    /// Logs in, closes, and opens again on the same clock after `pause`.
    private func acrossRestart(
        pause: Duration, before: @Sendable (AccountsFixture, Login) async throws -> Void = { _, _ in },
        after: (AccountsFixture, Login) async throws -> Void
    ) async throws {
        let directory = TemporaryDirectory()
        let time = ManualTime()
        var login: Login?
        try await withAccounts(in: directory, time: time) { fixture in
            try await fixture.register("ada")
            login = try await fixture.login("ada")
            try await before(fixture, login!)
        }
        time.advance(by: pause)
        try await withAccounts(in: directory, time: time) { fixture in try await after(fixture, login!) }
        withExtendedLifetime(directory) {}
    }

    @Test("go on with the same token and open the same data key")
    func survival() async throws {
        let directory = TemporaryDirectory()
        var login: Login?
        var key: GuardedBytes?
        try await withAccounts(in: directory) { fixture in
            try await fixture.register("ada")
            login = try await fixture.login("ada")
            key = try await fixture.accounts.dataKey(for: login!.session, with: login!.token)
        }
        try await withAccounts(in: directory) { fixture in
            let session = try fixture.accounts.authenticate(login!.token)
            #expect(session.id == login!.session.id && session.username == "ada")
            #expect(try await fixture.accounts.dataKey(for: session, with: login!.token) == key)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("count for nothing until their token has been used")
    func unverified() async throws {
        try await acrossRestart(pause: .zero) { fixture, login in
            let user = login.session.userID
            #expect(!fixture.activity.isActive(user))
            #expect(fixture.accounts.activeSessionCount == 0)
            let loaded = try #require(fixture.accounts.sessions(of: user).first)
            #expect(!loaded.isVerified)
            await expectRefusal(.invalidToken) {
                try fixture.accounts.unlockUserKey(of: loaded, with: login.token)
            }
            _ = try fixture.accounts.authenticate(login.token)
            #expect(fixture.activity.isActive(user))
            #expect(fixture.accounts.activeSessionCount == 1)
        }
    }

    @Test("go on idling where they were: the last use was written at the close")
    func idleDeadlineContinues() async throws {
        try await acrossRestart(pause: .hours(1)) { fixture, login in
            fixture.time.advance(by: .hours(1.5))
            _ = try fixture.accounts.authenticate(login.token)
        } after: { fixture, login in
            fixture.time.advance(by: Duration.hours(1) - .milliseconds(1))
            _ = try fixture.accounts.authenticate(login.token)
        }
    }

    @Test("have expired if their time ended while the server was down, and are gone from the catalog")
    func expiredMeanwhile() async throws {
        try await acrossRestart(pause: .hours(2)) { fixture, login in
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            let stored = try await fixture.accounts.catalog.sessions()
            #expect(stored.isEmpty)
        }
    }

    @Test("stay ended")
    func endedStaysEnded() async throws {
        try await acrossRestart(pause: .zero) { fixture, login in
            try await fixture.accounts.endSession(login.session.id, of: login.session.userID)
        } after: { fixture, login in
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
        }
    }

    @Test("The last use is written in batches, and only when it has changed")
    func batches() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let logins = [try await fixture.login("ada"), try await fixture.login("ada")]
            fixture.time.advance(by: .seconds(30))
            for login in logins { _ = try fixture.accounts.authenticate(login.token) }
            let stored = { try await fixture.accounts.catalog.sessions().map(\.lastSeen) }
            #expect(try await stored() == logins.map { $0.session.created })
            try await fixture.accounts.flushLastSeen()
            #expect(try await stored() == [fixture.time.unixTime, fixture.time.unixTime])
            let changes = try await fixture.accounts.catalog.connection.totalChanges
            try await fixture.accounts.flushLastSeen()
            #expect(try await fixture.accounts.catalog.connection.totalChanges == changes)
        }
    }

    @Test("are written each minute, or more often when they idle out soon")
    func interval() {
        var settings = AccountSettings.fast
        #expect(settings.lastSeenInterval == .seconds(60))
        settings.sessionIdleTimeout = .seconds(100)
        #expect(settings.lastSeenInterval == .seconds(10))
    }
}
