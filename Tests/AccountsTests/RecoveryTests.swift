import CofferTesting
import Secrets
import Testing

@testable import Accounts

@Suite("Recovery")
struct RecoveryTests {
    private static let new = Password.text("a new password")

    private func recover(
        _ fixture: AccountsFixture, _ name: String, _ code: RecoveryCode, renew: Bool = false
    ) async throws -> RecoveryCode? {
        try await fixture.accounts.recover(
            username: name, code: code, newPassword: Self.new, withRecoveryCode: renew, from: AccountsFixture.client)
    }

    @Test("sets a new password, ends all sessions and keeps the data key")
    func recovers() async throws {
        try await withAccounts { fixture in
            let registration = try await fixture.register("Ada", withRecoveryCode: true)
            #expect(registration.user.hasRecoveryCode)
            let login = try await fixture.login("ada")
            let key = try await fixture.accounts.dataKey(for: login.session, with: login.token)
            #expect(try await recover(fixture, "ada", try #require(registration.recoveryCode)) == nil)

            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            #expect(fixture.observer.endedSessions == [login.session.id])
            await expectRefusal(.invalidCredentials) { try await fixture.login("ada") }
            let again = try await fixture.accounts.login(
                username: "ada", password: Self.new, from: AccountsFixture.client)
            #expect(try await fixture.accounts.dataKey(for: again.session, with: again.token) == key)
        }
    }

    @Test("spends the code; a new one, if asked for, works next")
    func spending() async throws {
        try await withAccounts { fixture in
            let first = try #require(try await fixture.register("ada", withRecoveryCode: true).recoveryCode)
            let second = try #require(try await recover(fixture, "ada", first, renew: true))
            await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", first) }
            _ = try await recover(fixture, "ada", second)
            await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", second) }
            let user = try await fixture.accounts.user(named: "ada")
            #expect(user?.hasRecoveryCode == false)
        }
    }

    @Test("with one code by several at once succeeds once")
    func concurrent() async throws {
        try await withAccounts { fixture in
            let code = try #require(try await fixture.register("ada", withRecoveryCode: true).recoveryCode)
            let successes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<6 {
                    group.addTask {
                        do { _ = try await recover(fixture, "ada", code) } catch { return false }
                        return true
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(successes == 1)
        }
    }

    @Test("refuses a wrong code, a user without a code and an unknown user alike, and hashes nothing")
    func refusals() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada", withRecoveryCode: true)
            try await fixture.register("bob")
            let hashes = fixture.observer.hashes
            let code = try RecoveryCode.random()
            var errors: Set<AccountError?> = []
            for name in ["ada", "bob", "nobody", "no name"] {
                errors.insert(await expectRefusal(.invalidCredentials) { try await recover(fixture, name, code) })
            }
            #expect(errors.count == 1)
            #expect(fixture.observer.hashes == hashes)
        }
    }

    @Test("does not take another user's code")
    func foreignCode() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada", withRecoveryCode: true)
            let code = try #require(try await fixture.register("bob", withRecoveryCode: true).recoveryCode)
            await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", code) }
        }
    }

    @Test("is throttled with the logins")
    func throttled() async throws {
        try await withAccounts { fixture in
            let code = try #require(try await fixture.register("ada", withRecoveryCode: true).recoveryCode)
            let wrong = try RecoveryCode.random()
            for _ in 0..<10 {
                await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", wrong) }
            }
            await expectRefusal(.tooManyAttempts) { try await recover(fixture, "ada", code) }
        }
    }

    @Test("spends nothing on a weak password, and lets no disabled user in")
    func keptCode() async throws {
        try await withAccounts { fixture in
            let registration = try await fixture.register("ada", withRecoveryCode: true)
            let code = try #require(registration.recoveryCode)
            await expectRefusal(.weakPassword) {
                try await fixture.accounts.recover(
                    username: "ada", code: code, newPassword: .text("password"), from: AccountsFixture.client)
            }
            try await fixture.accounts.setDisabled(true, user: registration.user.id)
            await expectRefusal(.accountDisabled) { try await recover(fixture, "ada", code) }
            await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", .random()) }
            try await fixture.accounts.setDisabled(false, user: registration.user.id)
            _ = try await recover(fixture, "ada", code)
        }
    }

    @Test("survives a change of the password")
    func afterPasswordChange() async throws {
        try await withAccounts { fixture in
            let code = try #require(try await fixture.register("ada", withRecoveryCode: true).recoveryCode)
            let login = try await fixture.login("ada")
            try await fixture.accounts.changePassword(
                of: login.session, from: .of("ada"), to: .text("another password"), client: AccountsFixture.client)
            _ = try await recover(fixture, "ada", code)
        }
    }

    @Test("A new code needs the password and replaces the old one")
    func renewal() async throws {
        try await withAccounts { fixture in
            let old = try #require(try await fixture.register("ada", withRecoveryCode: true).recoveryCode)
            let login = try await fixture.login("ada")
            await expectRefusal(.invalidCredentials) {
                try await fixture.accounts.renewRecoveryCode(
                    of: login.session, password: .text("wrong password"), client: AccountsFixture.client)
            }
            let new = try await fixture.accounts.renewRecoveryCode(
                of: login.session, password: .of("ada"), client: AccountsFixture.client)
            await expectRefusal(.invalidCredentials) { try await recover(fixture, "ada", old) }
            _ = try await recover(fixture, "ada", new)
        }
    }
}
