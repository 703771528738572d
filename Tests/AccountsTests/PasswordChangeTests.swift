import CofferTesting
import Secrets
import Testing

@testable import Accounts

@Suite("Password changes")
struct PasswordChangeTests {
    private static let new = Password.text("a new password")

    private func change(_ fixture: AccountsFixture, _ session: Session, from current: Password) async throws {
        try await fixture.accounts.changePassword(
            of: session, from: current, to: Self.new, client: AccountsFixture.client)
    }

    @Test("make the new password work and the old one fail, and change neither the data key nor its seal")
    func change() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let login = try await fixture.login("ada")
            let key = try await fixture.accounts.dataKey(for: login.session, with: login.token)
            let seal = try await fixture.accounts.catalog.dataKey(of: user.id, .current)?.seal
            try await change(fixture, login.session, from: .of("ada"))

            await expectRefusal(.invalidCredentials) { try await fixture.login("ada") }
            let again = try await fixture.accounts.login(
                username: "ada", password: Self.new, from: AccountsFixture.client)
            #expect(try await fixture.accounts.dataKey(for: again.session, with: again.token) == key)
            #expect(try await fixture.accounts.catalog.dataKey(of: user.id, .current)?.seal == seal)
        }
    }

    @Test("end every other session and keep their own, also across a restart")
    func sessions() async throws {
        let directory = TemporaryDirectory()
        var own: Login?
        var other: Login?
        try await withAccounts(in: directory) { fixture in
            try await fixture.register("ada")
            try await fixture.register("bob")
            own = try await fixture.login("ada")
            other = try await fixture.login("ada")
            let foreign = try await fixture.login("bob")
            try await change(fixture, own!.session, from: .of("ada"))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(other!.token) }
            _ = try fixture.accounts.authenticate(own!.token)
            _ = try fixture.accounts.authenticate(foreign.token)
            #expect(fixture.observer.endedSessions == [other!.session.id])
        }
        try await withAccounts(in: directory) { fixture in
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(other!.token) }
            let session = try fixture.accounts.authenticate(own!.token)
            #expect(try await fixture.accounts.dataKey(for: session, with: own!.token).count == 48)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("need the current password, and a new one that is good")
    func refusals() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let (login, other) = (try await fixture.login("ada"), try await fixture.login("ada"))
            await expectRefusal(.invalidCredentials) {
                try await change(fixture, login.session, from: .text("wrong password"))
            }
            await expectRefusal(.weakPassword) {
                try await fixture.accounts.changePassword(
                    of: login.session, from: .of("ada"), to: .text("password"), client: AccountsFixture.client)
            }
            _ = try await fixture.login("ada")
            _ = try fixture.accounts.authenticate(other.token)
        }
    }

    @Test("are throttled like logins: a stolen token guesses no faster")
    func throttled() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let login = try await fixture.login("ada")
            for _ in 0..<10 {
                await expectRefusal(.invalidCredentials) {
                    try await change(fixture, login.session, from: .text("wrong password"))
                }
            }
            await expectRefusal(.tooManyAttempts) { try await change(fixture, login.session, from: .of("ada")) }
            await expectRefusal(.tooManyAttempts) { try await fixture.login("ada") }
        }
    }

    @Test("Of several at once from one password, one succeeds")
    func concurrentChanges() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let login = try await fixture.login("ada")
            let winners = await withTaskGroup(of: Int?.self) { group in
                for index in 0..<6 {
                    group.addTask {
                        try? await fixture.accounts.changePassword(
                            of: login.session, from: .of("ada"), to: .text("new password \(index)"),
                            client: AccountsFixture.client)
                            == () ? index : nil
                    }
                }
                return await group.reduce(into: [Int]()) { if let winner = $1 { $0.append(winner) } }
            }
            try #require(winners.count == 1)
            _ = try await fixture.accounts.login(
                username: "ada", password: .text("new password \(winners[0])"), from: AccountsFixture.client)
        }
    }

    @Test("leave no session behind that a login with the old password began meanwhile")
    func againstLogins() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let own = try await fixture.login("ada")
            let logins = try await withThrowingTaskGroup(of: Login?.self) { group in
                for _ in 0..<30 {
                    group.addTask { try? await fixture.login("ada") }
                }
                group.addTask {
                    try await change(fixture, own.session, from: .of("ada"))
                    return nil
                }
                return try await group.reduce(into: [Login]()) { if let login = $1 { $0.append(login) } }
            }
            for login in logins {
                await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            }
            #expect(fixture.accounts.sessions(of: user.id).map(\.id) == [own.session.id])
            #expect(try await fixture.accounts.catalog.sessions().map(\.id) == [own.session.id])
        }
    }

    @Test("A login that was let in by a password which is replaced before its session is kept is refused")
    func staleLogin() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let login = try await fixture.login("ada")
            let record = SessionRecord(
                id: SessionID(), userID: user.id, lookupHash: SessionToken.random().lookupHash,
                seal: Seal(stored: [1]), created: fixture.time.unixTime, lastSeen: fixture.time.unixTime,
                expiresAt: fixture.time.unixTime, idleTimeout: .zero, address: "", userAgent: "")
            try await change(fixture, login.session, from: .of("ada"))
            let isKept = try await fixture.accounts.catalog.run { try $0.insert(record, passwordVersion: 1) }
            #expect(!isKept)
        }
    }

    @Test("erase the old seal from the catalog and its log before they return")
    func erasure() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let old = try #require(await fixture.accounts.catalog.user(named: Username("ada"))).credentials.seal.bytes
            let login = try await fixture.login("ada")
            #expect(try fixture.catalogBytes().contains(sequence: old))
            try await change(fixture, login.session, from: .of("ada"))
            #expect(try !fixture.catalogBytes().contains(sequence: old))
        }
    }
}
