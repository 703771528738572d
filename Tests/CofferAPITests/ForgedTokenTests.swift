import CofferTesting
import SQLCipher
import Secrets
import Testing
import Timekeeping

@testable import Accounts
@testable import UserEngines

/// Whoever can write to the catalog can make a record for another user, with a secret and a seal of their own. The seal
/// opens; what is in it is not the user's key.
@Suite("Tokens of a stranger who can write to the catalog")
struct ForgedTokenTests {
    @Test("a session is not let into a database that its owner has opened, nor into a closed one")
    func session() async throws {
        let token = SessionToken.random()
        try await check(token.text()) {
            $0.access(of: try $0.authenticate(token), with: token)
        } record: { user in
            let id = SessionID()
            let seal = try Seal(
                .random(count: 32), under: token.sealingKey(), context: .userKey(of: user, session: id))
            return (
                """
                INSERT INTO sessions (id, user, lookup_hash, seal, created, last_seen, expires, idle_timeout, address,
                    user_agent) VALUES (?, ?, ?, ?, 0, ?, ?, 3600000, '', '')
                """,
                [
                    .text(id.description), .text(user.description), .blob(token.lookupHash.bytes), .blob(seal.bytes),
                    Self.now.value, Self.now.advanced(by: .seconds(3600)).value,
                ]
            )
        }
    }

    @Test("nor is a research")
    func research() async throws {
        let token = ResearchToken.random()
        try await check(token.text()) {
            $0.access(of: try $0.authenticate(token), with: token)
        } record: { user in
            let id = ResearchID()
            let seal = try Seal(
                .random(count: 48), under: token.sealingKey(), context: .dataKey(of: user, research: id))
            return (
                """
                INSERT INTO research_leases (id, user, lookup_hash, seal, created, expires, duration)
                VALUES (?, ?, ?, ?, 0, ?, 3600000)
                """,
                [
                    .text(id.description), .text(user.description), .blob(token.lookupHash.bytes), .blob(seal.bytes),
                    Self.now.advanced(by: .seconds(3600)).value,
                ]
            )
        }
    }

    private static var now: UnixTime { SystemTime().unixTime }

    private func check(
        _ token: TransientBytes, access: (Accounts) throws -> DataAccess,
        record: (UserID) throws -> (sql: String, arguments: [Value])
    ) async throws {
        let token = token.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
        try await withTemporaryDirectory { directory in
            var victim: APIUser?
            try await APIFixture.run(in: directory.path) { victim = try await $0.makeUser() }
            let user = try #require(victim)
            let connection = try Connection.open(
                ConnectionConfiguration(path: directory.path + "/data/catalog.db", fileSystem: .unix), key: nil)
            let (sql, arguments) = try record(try #require(UserID(user.id)))
            try connection.run(sql, .positional(ValueList(arguments)))
            try connection.close()
            try await APIFixture.run(in: directory.path) { api in
                let body = queryBody("SELECT 1", nil)
                let closed = try await api.call("POST", "/v1/query", as: token, json: body)
                #expect([401, 503].contains(closed.status), "\(closed)")
                try await api.rows("SELECT 1", as: user)
                let text = Array(user.token.utf8)
                let owner = try #require(SessionToken(TransientBytes(count: text.count) { $0.copyBytes(from: text) }))
                let owners = api.accounts.access(of: try api.accounts.authenticate(owner), with: owner)
                #expect(owners.withOpenEngine(in: api.engines) { _ in true } == true)
                // Where nothing can wait for the key there is nothing to compare with it.
                let strangers = try access(api.accounts)
                #expect(strangers.withOpenEngine(in: api.engines) { _ in true } == nil)
                for _ in 0..<2 {
                    try expectProblem(
                        try await api.call("POST", "/v1/query", as: token, json: body), 401, "invalid_token")
                }
                try await api.rows("SELECT 1", as: user)
            }
        }
    }
}
