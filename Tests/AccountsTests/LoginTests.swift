import CofferTesting
import Secrets
import Testing

@testable import Accounts

@Suite("Login")
struct LoginTests {
    private func login(_ fixture: AccountsFixture, _ name: String, _ password: String) async throws -> Login {
        try await fixture.accounts.login(username: name, password: .text(password), from: AccountsFixture.client)
    }

    @Test("begins a session that its token opens")
    func success() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("Ada").user
            let login = try await fixture.login("ADA")
            let session = try fixture.accounts.authenticate(login.token)
            #expect(session === login.session)
            #expect(session.userID == user.id && session.username == "Ada")
            #expect(session.address == "192.0.2.1" && session.userAgent == "tests/1")
            #expect(fixture.activity.isActive(user.id))
            #expect(fixture.observer.logins(.success) == 1)
        }
    }

    @Test("refuses a wrong password and an unknown user in the same words and after the same work")
    func indistinguishable() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            var errors: [AccountError?] = []
            for (name, password) in [
                ("ada", "wrong password"), ("nobody", "wrong password"), ("no name", "wrong pass"),
            ] {
                let hashes = fixture.observer.hashes
                errors.append(await expectRefusal(.invalidCredentials) { try await login(fixture, name, password) })
                #expect(fixture.observer.hashes == hashes + 1)
            }
            #expect(Set(errors).count == 1)
            #expect(fixture.observer.logins(.invalidCredentials) == 3)
            #expect(fixture.accounts.nobody.hash.parameters == fixture.accounts.settings.passwordParameters)
        }
    }

    @Test("tells that an account is disabled only to who knows its password")
    func disabled() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let session = try await fixture.login("ada")
            try await fixture.accounts.setDisabled(true, user: user.id)
            await expectRefusal(.invalidCredentials) { try await login(fixture, "ada", "wrong password") }
            await expectRefusal(.accountDisabled) { try await fixture.login("ada") }
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(session.token) }
            #expect(!fixture.activity.isActive(user.id))
            #expect(fixture.observer.logins(.accountDisabled) == 1)
            try await fixture.accounts.setDisabled(false, user: user.id)
            _ = try await fixture.login("ada")
        }
    }

    @Test("is throttled by name and network after ten failures, the right password too, and free again later")
    func throttled() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            for _ in 0..<10 {
                await expectRefusal(.invalidCredentials) { try await login(fixture, "ada", "wrong password") }
            }
            let hashes = fixture.observer.hashes
            let refusal = await expectRefusal(.tooManyAttempts) { try await fixture.login("ada") }
            #expect(refusal?.retryAfter == .seconds(900))
            #expect(fixture.observer.hashes == hashes)
            let elsewhere = Client(address: "198.51.100.7")
            _ = try await fixture.accounts.login(username: "ada", password: .of("ada"), from: elsewhere)
            fixture.time.advance(by: .seconds(900))
            _ = try await fixture.login("ada")
        }
    }

    @Test("counts failures for names that nobody has")
    func throttledUnknown() async throws {
        try await withAccounts { fixture in
            for _ in 0..<10 {
                await expectRefusal(.invalidCredentials) { try await login(fixture, "nobody", "wrong password") }
            }
            await expectRefusal(.tooManyAttempts) { try await login(fixture, "nobody", "wrong password") }
            await expectRefusal(.invalidCredentials) { try await login(fixture, "nobody2", "wrong password") }
        }
    }

    @Test("Guesses that were queued together get no more tries than one after the other, but for those under way")
    func queuedGuesses() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let before = fixture.observer.hashes
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<40 {
                    group.addTask { _ = try? await login(fixture, "ada", "wrong password") }
                }
            }
            let atOnce = fixture.accounts.settings.passwordHashesAtOnce
            #expect((10...(10 + atOnce - 1)).contains(fixture.observer.hashes - before))
        }
    }

    @Test("raises a user's parameters to those of the settings, and the password still works")
    func raisedParameters() async throws {
        let directory = TemporaryDirectory()
        var settings = AccountSettings.fast
        try await withAccounts(in: directory, settings: settings) { fixture in try await fixture.register("ada") }
        settings.passwordParameters = try .init(operations: 2, memoryBytes: 16_384)
        try await withAccounts(in: directory, settings: settings) { fixture in
            _ = try await fixture.login("ada")
            #expect(fixture.observer.hashes == 2)
            let stored = try await fixture.accounts.catalog.user(named: Username("ada"))
            #expect(stored?.credentials.hash.parameters == settings.passwordParameters)
            let login = try await fixture.login("ada")
            #expect(fixture.observer.hashes == 3)
            _ = try await fixture.accounts.dataKey(for: login.session, with: login.token)
        }
        // Lower settings leave a user's parameters as they are.
        try await withAccounts(in: directory) { fixture in
            _ = try await fixture.login("ada")
            #expect(fixture.observer.hashes == 1)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("leaves no seal under the lower parameters on the disk, once the sessions' times are written")
    func tracesOfRaisedParameters() async throws {
        let directory = TemporaryDirectory()
        var seal: [UInt8] = []
        try await withAccounts(in: directory) { fixture in
            let user = try await fixture.register("ada").user
            seal = try #require(await fixture.accounts.catalog.user(user.id)).credentials.seal.bytes
        }
        var settings = AccountSettings.fast
        settings.passwordParameters = try .init(operations: 2, memoryBytes: 16_384)
        try await withAccounts(in: directory, settings: settings) { fixture in
            #expect(try fixture.catalogBytes().contains(sequence: seal))
            _ = try await fixture.login("ada")
            try await fixture.accounts.flushLastSeen()
            #expect(try !fixture.catalogBytes().contains(sequence: seal))
        }
        withExtendedLifetime(directory) {}
    }

    @Test("Many at once of one user all succeed")
    func concurrent() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<30 {
                    group.addTask {
                        let login = try await fixture.login("ada")
                        _ = try fixture.accounts.authenticate(login.token)
                    }
                }
                try await group.waitForAll()
            }
            #expect(fixture.accounts.sessions(of: user.id).count == 30)
            #expect(fixture.accounts.activeSessionCount == 30)
        }
    }
}
