import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Synchronization
import Testing
import UserEngines

@testable import Accounts

@Suite("Deletion of a user")
struct DeletionTests {
    /// Notes what the catalog's files held at the moment when the data was to be removed.
    private final class Removal: Sendable {
        private let state = Mutex<(users: [UserID], catalog: [UInt8])>(([], []))

        var users: [UserID] { state.withLock { $0.users } }
        var catalogBytes: [UInt8] { state.withLock { $0.catalog } }

        func remove(_ user: UserID, _ fixture: AccountsFixture) throws {
            let bytes = try fixture.catalogBytes()
            state.withLock { state in
                state.users.append(user)
                state.catalog = bytes
            }
        }
    }

    private func delete(
        _ fixture: AccountsFixture, _ session: Session, password: Password, _ removal: Removal
    ) async throws {
        try await fixture.accounts.deleteUser(of: session, password: password, client: AccountsFixture.client) {
            try removal.remove($0, fixture)
        }
    }

    @Test("erases every seal from the catalog and its log before the data is removed")
    func erasesFirst() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada", withRecoveryCode: true).user
            try await fixture.register("bob")
            let login = try await fixture.login("ada")
            let record = try #require(await fixture.accounts.catalog.user(user.id))
            let dataKey = try #require(await fixture.accounts.catalog.dataKey(of: user.id, .current))
            let seals = [
                record.credentials.seal.bytes, try #require(record.recoverySeal).bytes, dataKey.seal.bytes,
                record.credentials.hash.salt, login.session.lookupHash.bytes,
            ]
            for seal in seals { #expect(try fixture.catalogBytes().contains(sequence: seal)) }

            let removal = Removal()
            try await delete(fixture, login.session, password: .of("ada"), removal)
            #expect(removal.users == [user.id])
            for seal in seals { #expect(!removal.catalogBytes.contains(sequence: seal)) }
            #expect(!removal.catalogBytes.contains(sequence: [UInt8](user.id.description.utf8)))
        }
    }

    @Test("ends all sessions, frees the name and leaves others alone")
    func aftermath() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            try await fixture.register("bob")
            let logins = [try await fixture.login("ada"), try await fixture.login("ada")]
            let other = try await fixture.login("bob")
            try await delete(fixture, logins[0].session, password: .of("ada"), Removal())
            for login in logins {
                await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            }
            #expect(Set(fixture.observer.endedSessions) == Set(logins.map(\.session.id)))
            #expect(!fixture.activity.isActive(user.id))
            await expectRefusal(.invalidCredentials) { try await fixture.login("ada") }
            #expect(try await fixture.accounts.user(user.id) == nil)
            _ = try fixture.accounts.authenticate(other.token)
            let successor = try await fixture.register("ada").user
            #expect(successor.id != user.id)
        }
    }

    @Test("needs the password")
    func refusal() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let login = try await fixture.login("ada")
            let removal = Removal()
            await expectRefusal(.invalidCredentials) {
                try await delete(fixture, login.session, password: .text("wrong password"), removal)
            }
            #expect(removal.users.isEmpty)
            _ = try fixture.accounts.authenticate(login.token)
        }
    }

    @Test("by id needs no password, and the user must exist")
    func byAdministrator() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let removal = Removal()
            try await fixture.accounts.deleteUser(user.id) { try removal.remove($0, fixture) }
            await expectRefusal(.notFound) {
                try await fixture.accounts.deleteUser(user.id) { try removal.remove($0, fixture) }
            }
            #expect(removal.users == [user.id])
        }
    }

    @Test("leaves no session behind that a login began meanwhile")
    func againstLogins() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let own = try await fixture.login("ada")
            let logins = try await withThrowingTaskGroup(of: Login?.self) { group in
                for _ in 0..<30 {
                    group.addTask { try? await fixture.login("ada") }
                }
                group.addTask {
                    try await delete(fixture, own.session, password: .of("ada"), Removal())
                    return nil
                }
                return try await group.reduce(into: [Login]()) { if let login = $1 { $0.append(login) } }
            }
            for login in logins {
                await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            }
            #expect(fixture.accounts.sessions(of: user.id).isEmpty)
            #expect(!fixture.activity.isActive(user.id))
        }
    }

    @Test("waits for another process that reads the catalog, and answers once the log is empty")
    func waitsForReader() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let seal = try #require(await fixture.accounts.catalog.user(user.id)).credentials.seal.bytes
            let reader = try fixture.openCatalog()
            try reader.execute("BEGIN; SELECT count(*) FROM users")
            let removal = Removal()
            async let deletion: Void = fixture.accounts.deleteUser(user.id) { try removal.remove($0, fixture) }
            await fixture.time.sleepers(atLeast: 1)
            #expect(removal.users.isEmpty)
            try reader.execute("COMMIT")
            try reader.close()
            fixture.time.advance(by: .milliseconds(50))
            try await deletion
            #expect(!removal.catalogBytes.contains(sequence: seal))
        }
    }

    @Test("says so when a reader never ends, removes the data all the same, and makes up for it later")
    func readerNeverEnds() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let seal = try #require(await fixture.accounts.catalog.user(user.id)).credentials.seal.bytes
            let reader = try fixture.openCatalog()
            try reader.execute("BEGIN; SELECT count(*) FROM users")
            let removal = Removal()
            let deletion = Task {
                try await fixture.accounts.deleteUser(user.id) { try removal.remove($0, fixture) }
            }
            await fixture.time.sleepers(atLeast: 1)
            fixture.time.advance(by: .seconds(5))
            await #expect(throws: CatalogError.erasureIncomplete) { try await deletion.value }
            #expect(removal.users == [user.id])
            #expect(try fixture.catalogBytes().contains(sequence: seal))
            try reader.execute("COMMIT")
            try reader.close()
            try await fixture.accounts.flushLastSeen()
            #expect(try !fixture.catalogBytes().contains(sequence: seal))
        }
    }

    @Test("removes the data also when the log cannot be read, says so, and makes up for it later")
    func unreadableLog() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let seal = try #require(await fixture.accounts.catalog.user(user.id)).credentials.seal.bytes
            _ = try await fixture.login("ada")
            let log = fixture.directory.file("catalog.db-wal")
            // The session's end is announced between the deletion of the record and the erasure of the log.
            let content = Mutex<[UInt8]>([])
            fixture.observer.onSessionEnd {
                content.withLock { $0 = FileContent.bytes(of: log) }
                truncate(log, 0)
            }
            let removal = Removal()
            await #expect(throws: CatalogError.self) {
                try await fixture.accounts.deleteUser(user.id) { user in
                    FileContent.write(content.withLock { $0 }, to: log)
                    try removal.remove(user, fixture)
                }
            }
            #expect(removal.users == [user.id])
            #expect(removal.catalogBytes.contains(sequence: seal))
            try await fixture.accounts.flushLastSeen()
            #expect(try !fixture.catalogBytes().contains(sequence: seal))
        }
    }
}
