import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts

@Suite("Catalog")
struct CatalogTests {
    @Test("holds no password, token, recovery code or key, neither in the file nor in its log")
    func noSecrets() async throws {
        let directory = TemporaryDirectory()
        var secrets: [[UInt8]] = [[UInt8]("the password of ada".utf8), [UInt8]("a new password".utf8)]
        try await withAccounts(in: directory) { fixture in
            let registration = try await fixture.register("ada", withRecoveryCode: true)
            let login = try await fixture.login("ada")
            let newCode = try await fixture.accounts.renewRecoveryCode(
                of: login.session, password: .of("ada"), client: AccountsFixture.client)
            try await fixture.accounts.changePassword(
                of: login.session, from: .of("ada"), to: .text("a new password"), client: AccountsFixture.client)
            _ = try await fixture.accounts.login(
                username: "ada", password: .text("a new password"), from: AccountsFixture.client)
            for text in [login.token.text(), registration.recoveryCode!.text(), newCode.text()] {
                secrets.append(text.withUnsafeBytes { Array($0) })
            }
            secrets.append(secrets.last!.filter { $0 != UInt8(ascii: "-") })
            // The secret of the token without its prefix, and as bytes.
            let token = login.token.text().withUnsafeBytes { Array($0.dropFirst(6)) }
            secrets.append(token)
            secrets.append(try #require(decoded(token)))
            let userKey = try fixture.accounts.unlockUserKey(of: login.session, with: login.token)
            let dataKey = try await fixture.accounts.dataKey(for: login.session, with: login.token)
            for key in [userKey, dataKey, try login.token.sealingKey()] {
                secrets.append(key.withUnsafeBytes { Array($0) })
            }
            secrets.append(dataKey.withUnsafeBytes { Array($0.prefix(32)) })
            let bytes = try fixture.catalogBytes()
            #expect(bytes.contains(sequence: [UInt8](registration.user.id.description.utf8)))
            #expect(bytes.contains(sequence: login.session.lookupHash.bytes))
            for secret in secrets { #expect(!bytes.contains(sequence: secret)) }
        }
        let closed = try fileBytes(directory.file("catalog.db"))
        for secret in secrets { #expect(!closed.contains(sequence: secret)) }
        withExtendedLifetime(directory) {}
    }

    private func decoded(_ text: [UInt8]) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 32)
        let isValid = bytes.withUnsafeMutableBytes { bytes in text.withUnsafeBytes { Base64URL.decode($0, into: bytes) }
        }
        return isValid ? bytes : nil
    }

    @Test("is readable by its owner alone")
    func permissions() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            for name in ["catalog.db", "catalog.db-wal", "catalog.db-shm"] {
                var status = stat()
                #expect(stat(fixture.directory.file(name), &status) == 0)
                #expect(status.st_mode & 0o777 == 0o600, "\(name)")
            }
        }
    }

    @Test("keeps users and sessions across a restart")
    func reopens() async throws {
        let directory = TemporaryDirectory()
        var user: User?
        try await withAccounts(in: directory) { fixture in user = try await fixture.register("ada").user }
        for _ in 0..<2 {
            try await withAccounts(in: directory) { fixture in
                #expect(try await fixture.accounts.user(named: "ada") == user)
                _ = try await fixture.login("ada")
            }
        }
        withExtendedLifetime(directory) {}
    }

    @Test("refuses a file from a newer version, naming both, and leaves it as it is")
    func newerVersion() async throws {
        let directory = TemporaryDirectory()
        try await withAccounts(in: directory) { fixture in
            try await fixture.register("ada")
            try fixture.tamper("PRAGMA user_version = 99")
        }
        let before = try fileBytes(directory.file("catalog.db"))
        await #expect(throws: CatalogError.newerSchema(found: 99, supported: CatalogSchema.migrations.version)) {
            try await AccountsFixture.open(in: directory)
        }
        #expect(try fileBytes(directory.file("catalog.db")) == before)
        #expect(OpenFiles.paths(under: directory.path).isEmpty)
        withExtendedLifetime(directory) {}
    }

    @Test("refuses a file that is no database, and holds no descriptor of it")
    func noDatabase() async throws {
        let directory = TemporaryDirectory()
        let file = try #require(fopen(directory.file("catalog.db"), "w"))
        fputs(String(repeating: "this is no database ", count: 100), file)
        fclose(file)
        let error = await #expect(throws: CatalogError.self) { try await AccountsFixture.open(in: directory) }
        guard case .unavailable(let cause) = error else { throw try #require(error) }
        #expect(cause.code == .notADatabase)
        #expect(OpenFiles.paths(under: directory.path).isEmpty)
        withExtendedLifetime(directory) {}
    }

    @Test("admits nobody by a session that a stranger wrote into it")
    func forgedSession() async throws {
        let directory = TemporaryDirectory()
        let forged = SessionToken.random()
        let user = Holder<User>()
        try await withAccounts(in: directory) { fixture in
            user.value = try await fixture.register("ada").user
            let login = try await fixture.login("ada")
            // The stranger knows the format, has a token of their own and a seal that it opens, and copies a real one.
            let id = SessionID()
            let ownSeal = try Seal(
                .random(count: 32), under: forged.sealingKey(),
                context: .userKey(of: login.session.userID, session: login.session.id))
            for (id, seal, hash) in [
                (id.description, hexadecimal(ownSeal.bytes), hexadecimal(forged.lookupHash.bytes)),
                (SessionID().description, "seal", hexadecimal(SessionToken.random().lookupHash.bytes)),
            ] {
                let seal = seal == "seal" ? "(SELECT seal FROM sessions LIMIT 1)" : "x'\(seal)'"
                try fixture.tamper(
                    """
                    INSERT INTO sessions SELECT '\(id)', user, x'\(hash)', \(seal), created, last_seen, expires,
                        idle_timeout, address, user_agent FROM sessions LIMIT 1
                    """)
            }
        }
        try await withAccounts(in: directory) { fixture in
            #expect(fixture.accounts.sessions(of: user.value!.id).count == 3)
            for _ in 0..<2 {
                await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(forged) }
            }
            #expect(!fixture.activity.isActive(user.value!.id))
            #expect(fixture.accounts.activeSessionCount == 0)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("Seals of one user do not open in another's place")
    func movedSeals() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            try await fixture.register("eve")
            let login = try await fixture.login("ada")
            // Eve gives her own password to ada's account, and her own data key.
            try fixture.tamper(
                """
                UPDATE data_keys SET seal = (SELECT seal FROM data_keys JOIN users ON users.id = user
                    WHERE username = 'eve') WHERE user = (SELECT id FROM users WHERE username = 'ada');
                UPDATE users SET (argon2_salt, password_seal) =
                    (SELECT argon2_salt, password_seal FROM users WHERE username = 'eve') WHERE username = 'ada';
                """)
            await expectRefusal(.invalidCredentials) {
                try await fixture.accounts.login(
                    username: "ada", password: .of("eve"), from: AccountsFixture.client)
            }
            await expectRefusal(.invalidToken) {
                try await fixture.accounts.dataKey(for: login.session, with: login.token)
            }
        }
    }

    @Test(
        "starts with damaged session records, and leaves them out",
        arguments: [
            "id = 'no id'", "user_agent = x'ff'", "lookup_hash = x'00'", "lookup_hash = zeroblob(33)",
            "created = -1", "expires = 9223372036854775807", "idle_timeout = 9223372036854775807",
            "last_seen = 9223372036854775806", "idle_timeout = -9223372036854775808",
        ])
    func damagedSession(damage: String) async throws {
        let directory = TemporaryDirectory()
        let logins = Holder<[Login]>()
        try await withAccounts(in: directory) { fixture in
            try await fixture.register("ada")
            logins.value = [try await fixture.login("ada"), try await fixture.login("ada")]
            try fixture.tamper(
                """
                PRAGMA ignore_check_constraints = ON;
                UPDATE OR IGNORE sessions SET \(damage.replacing("x'ff'", with: "CAST(x'ff' AS TEXT)"))
                    WHERE id = '\(logins.value![0].session.id)'
                """)
        }
        try await withAccounts(in: directory) { fixture in
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(logins.value![0].token) }
            _ = try fixture.accounts.authenticate(logins.value![1].token)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("A damaged user record stops that user alone")
    func damagedUser() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            try await fixture.register("bob")
            try fixture.tamper("UPDATE users SET argon2_memory_bytes = 1 WHERE username = 'ada'")
            await #expect(throws: CatalogError.damagedRecord(table: "users")) { try await fixture.login("ada") }
            #expect(fixture.observer.logins(.error) == 1)
            _ = try await fixture.login("bob")
            #expect(try await fixture.accounts.users(limit: 10).map(\.username) == ["bob"])
        }
    }

    @Test("tells what SQLite reports as its own failure, from a reading and from a transaction")
    func unavailable() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let login = try await fixture.login("ada")
            let triggers = """
                CREATE TRIGGER refuse_insertion BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END;
                CREATE TRIGGER refuse_deletion BEFORE DELETE ON sessions BEGIN SELECT RAISE(ABORT, 'no'); END
                """
            try fixture.tamper(triggers)
            await expectUnavailable(.constraint) { try await fixture.login("ada") }
            await expectUnavailable(.constraint) {
                try await fixture.accounts.endSession(login.session.id, of: login.session.userID)
            }
            _ = try fixture.accounts.authenticate(login.token)
            try fixture.tamper("ALTER TABLE users RENAME TO elsewhere")
            await expectUnavailable(.error) { try await fixture.login("ada") }
            await expectUnavailable(.error) { try await fixture.accounts.users(limit: 1) }
        }
    }

    private func expectUnavailable<Result>(_ code: SQLiteCode, of operation: () async throws -> Result) async {
        let error = await #expect(throws: CatalogError.self) { _ = try await operation() }
        guard case .unavailable(let cause) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(cause.code == code)
    }

    @Test("can be read by a command beside the server")
    func besideAnotherReader() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let reader = try fixture.openCatalog()
            #expect(try reader.firstRow("SELECT username FROM users") == [.text("ada")])
            try reader.close()
            try await fixture.register("bob")
        }
    }

    private func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// Carries a value out of a closure.
private final class Holder<Value: Sendable>: @unchecked Sendable {
    // Sound: one task writes and reads, one after the other.
    var value: Value?
}
