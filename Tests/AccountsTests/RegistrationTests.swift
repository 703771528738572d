import Secrets
import Synchronization
import Testing
import UserEngines

@testable import Accounts

@Suite("Registration")
struct RegistrationTests {
    @Test("makes a user who can log in, under the name as it was written")
    func registers() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("Ada").user
            #expect(user.username == "Ada")
            #expect(user.created == fixture.time.unixTime)
            #expect(!user.isDisabled && !user.hasRecoveryCode)
            #expect(try await fixture.accounts.user(user.id) == user)
            #expect(try await fixture.accounts.user(named: "ADA") == user)
            #expect(try await fixture.login("Ada").session.userID == user.id)
        }
    }

    @Test("refuses a taken name in any case, before it hashes anything")
    func taken() async throws {
        try await withAccounts { fixture in
            try await fixture.register("Ada")
            let hashes = fixture.observer.hashes
            await expectRefusal(.usernameTaken) { try await fixture.register("aDA") }
            #expect(fixture.observer.hashes == hashes)
        }
    }

    @Test("of one name by many at once succeeds once")
    func concurrentlyTaken() async throws {
        try await withAccounts { fixture in
            let results = await withTaskGroup(of: AccountError.Code?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do {
                            try await fixture.register("ada")
                            return nil
                        } catch {
                            return (error as? AccountError)?.code
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.count { $0 == nil } == 1)
            #expect(results.count { $0 == .usernameTaken } == 7)
            _ = try await fixture.login("ada")
        }
    }

    @Test("refuses invalid names and weak passwords")
    func refusals() async throws {
        try await withAccounts { fixture in
            await expectRefusal(.invalidUsername) { try await fixture.register("a b") }
            await expectRefusal(.weakPassword) {
                try await fixture.accounts.register(username: "adalovelace", password: .text("AdaLovelace"))
            }
            await expectRefusal(.weakPassword) {
                try await fixture.accounts.register(username: "ada", password: .text("password1"))
            }
            #expect(fixture.observer.hashes == 0)
            let users = try await fixture.accounts.users(limit: 10)
            #expect(users.isEmpty)
        }
    }

    @Test("is closed to visitors when the settings say so, and open to the administrator")
    func closed() async throws {
        var settings = AccountSettings.fast
        settings.isRegistrationOpen = false
        try await withAccounts(settings: settings) { fixture in
            await expectRefusal(.registrationClosed) { try await fixture.register("ada") }
            _ = try await fixture.accounts.register(username: "ada", password: .of("ada"), by: .administrator)
            _ = try await fixture.login("ada")
        }
    }

    @Test("gives two users with one password different salts, seals and data keys")
    func separation() async throws {
        try await withAccounts { fixture in
            var keys: [GuardedBytes] = []
            var records: [UserRecord] = []
            for name in ["ada", "bob"] {
                let password = Password.text("the same for both")
                let user = try await fixture.accounts.register(username: name, password: password).user
                let login = try await fixture.accounts.login(
                    username: name, password: password, from: AccountsFixture.client)
                keys.append(try await fixture.accounts.dataKey(for: login.session, with: login.token))
                let record = try await fixture.accounts.catalog.user(user.id)
                records.append(try #require(record))
            }
            #expect(keys[0] != keys[1])
            #expect(records[0].credentials.hash.salt != records[1].credentials.hash.salt)
            #expect(records[0].credentials.seal != records[1].credentials.seal)
        }
    }

    @Test("has the data made under the data key, before anybody can log in")
    func createsData() async throws {
        try await withAccounts { fixture in
            let data = UserData()
            let registration = try await fixture.accounts.register(
                username: "ada", password: .of("ada"),
                creatingData: { user, key in
                    await expectRefusal(.invalidCredentials) { try await fixture.login("ada") }
                    data.create(user, key)
                }, removingData: { data.remove($0) })
            let login = try await fixture.login("ada")
            let key = try await fixture.accounts.dataKey(for: login.session, with: login.token)
            #expect(data.keys == [registration.user.id: key])
        }
    }

    @Test("leaves no user when the data cannot be made")
    func failingData() async throws {
        struct DiskFull: Error {}
        try await withAccounts { fixture in
            await #expect(throws: DiskFull.self) {
                try await fixture.accounts.register(
                    username: "ada", password: .of("ada"), creatingData: { _, _ in throw DiskFull() },
                    removingData: { _ in })
            }
            #expect(try await fixture.accounts.user(named: "ada") == nil)
            try await fixture.register("ada")
        }
    }

    @Test("removes the data again when the name was taken meanwhile")
    func removesData() async throws {
        try await withAccounts { fixture in
            let data = UserData()
            await expectRefusal(.usernameTaken) {
                try await fixture.accounts.register(
                    username: "ada", password: .of("ada"),
                    creatingData: { user, key in
                        try await fixture.register("Ada")
                        data.create(user, key)
                    }, removingData: { data.remove($0) })
            }
            #expect(data.keys.isEmpty)
            #expect(data.removals == 1)
            _ = try await fixture.login("ada")
        }
    }

    @Test("Users are listed in the order of their names, page by page")
    func listing() async throws {
        try await withAccounts { fixture in
            for name in ["Carol", "ada", "Bob"] { try await fixture.register(name) }
            #expect(try await fixture.accounts.users(limit: 2).map(\.username) == ["ada", "Bob"])
            #expect(try await fixture.accounts.users(after: "BOB", limit: 2).map(\.username) == ["Carol"])
        }
    }
}

/// Stands for the users' files.
private final class UserData: Sendable {
    private let state = Mutex<(keys: [UserID: GuardedBytes], removals: Int)>(([:], 0))

    var keys: [UserID: GuardedBytes] { state.withLock { $0.keys } }
    var removals: Int { state.withLock { $0.removals } }

    func create(_ user: UserID, _ key: GuardedBytes) { state.withLock { $0.keys[user] = key } }

    func remove(_ user: UserID) {
        state.withLock { state in
            state.keys[user] = nil
            state.removals += 1
        }
    }
}
