import CofferTesting
import ConnectionPool
import Glibc
import SQLCipher
import Testing
import Timekeeping

@testable import UserEngines

@Suite("A user's service database")
struct ServiceDatabaseTests {
    @Test("it is made when it is first needed, readable by its owner alone, with every table")
    func madeWhenNeeded() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            let path = fixture.files.servicePath(of: user)
            _ = try await fixture.run("SELECT 1", as: user)
            #expect(access(path, F_OK) != 0)
            let tables = try await fixture.service(of: user) { connection in
                try connection.rows(
                    "SELECT name FROM sqlite_schema WHERE name IN ('researches', 'findings') ORDER BY 1")
            }
            #expect(tables == [[.text("findings")], [.text("researches")]])
            #expect(FileTree.permissions(of: path) == 0o600)
            #expect(try await fixture.version(of: user) == ServiceSchema.migrations.version)
        }
    }

    @Test("it is under the user's own key")
    func encrypted() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await fixture.service(of: user) { try $0.execute("CREATE TABLE marks (text TEXT) STRICT") }
            try await fixture.service(of: user) { try $0.execute("INSERT INTO marks VALUES ('a mark in the file')") }
            #expect(await fixture.registry.forceClose(user, reason: .admin))
            let bytes = FileContent.bytes(of: fixture.files.servicePath(of: user))
            #expect(bytes.count > 4096)
            #expect(!bytes.contains(textOf: "a mark in the file"))
            #expect(!bytes.contains(textOf: "SQLite format"))
        }
    }

    @Test("what is counted is what is open; a release pass gives it back, and so does the close")
    func descriptors() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await fixture.service(of: user) { try $0.execute("CREATE TABLE t (a)") }
            #expect(fixture.openUserFiles.filter { $0.contains("service.db") }.count == 2)
            #expect(fixture.budget.used == fixture.openUserFiles.count)
            #expect(fixture.registry.census().services.occupancy.idle == 1)
            await fixture.registry.maintain(user, releasingIdle: true)
            try await eventually { fixture.registry.census().services.occupancy.total == 0 }
            try await eventually { fixture.openUserFiles == [] }
            #expect(fixture.budget.used == 0)
            try await fixture.service(of: user) { try $0.execute("INSERT INTO t VALUES (1)") }
            await fixture.registry.closeIfUnneeded(user, reason: .logout)
            #expect(fixture.openUserFiles == [])
            #expect(fixture.budget.used == 0)
            #expect(access(fixture.files.servicePath(of: user) + "-wal", F_OK) != 0, "the close has emptied the log")
        }
    }

    @Test("with descriptors for one connection, database and service database take turns")
    func oneConnection() async throws {
        try await EngineFixture.run(budget: 2) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        if number.isMultiple(of: 2) {
                            _ = try await fixture.run("INSERT INTO t VALUES (1)", as: user)
                        } else {
                            try await fixture.service(of: user) { _ = try $0.rows("SELECT count(*) FROM researches") }
                        }
                    }
                }
                for try await _ in group { #expect(fixture.budget.used <= 2) }
            }
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(10)]])
        }
    }

    @Test("one from a newer program is refused and left alone, and the user's own database goes on")
    func newer() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await fixture.service(of: user) { try $0.execute("PRAGMA user_version = 99") }
            #expect(await fixture.registry.forceClose(user, reason: .admin))
            let error = await #expect(throws: PoolError.self) { try await fixture.version(of: user) }
            guard case .openFailed(let cause as SchemaError) = error else {
                Issue.record("unexpected \(String(describing: error))")
                return
            }
            #expect(cause == .newer(found: 99, supported: ServiceSchema.migrations.version))
            #expect(cause.description.contains("99"))
            #expect(try await fixture.run("SELECT 1", as: user) == [[.integer(1)]])
            #expect(fixture.budget.used == fixture.openUserFiles.count)
            #expect(!fixture.openUserFiles.contains { $0.contains("service.db") })
        }
    }

    @Test("what SQLite says of it is no error of the user's SQL, and a broken statement leaves the connection usable")
    func failure() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            await #expect(throws: ServiceDatabaseError.self) {
                try await fixture.service(of: user) { try $0.execute("SELECT nonsense") }
            }
            #expect(try await fixture.version(of: user) == ServiceSchema.migrations.version)
        }
    }

    @Test("the user's SQL reaches none of it, whatever traps it sets")
    func unreachable() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await fixture.service(of: user) {
                try $0.execute(
                    """
                    INSERT INTO researches (id, title, state, created, updated, lease_expires)
                    VALUES ('a', 'untouched', 'running', 0, 0, 0)
                    """)
            }
            let path = fixture.files.servicePath(of: user)
            for sql in [
                "SELECT * FROM researches", "ATTACH '\(path)' AS service", "ATTACH '\(path)' AS service KEY ''",
                "VACUUM INTO '\(path)'", "SELECT load_extension('\(path)')",
            ] {
                await #expect(throws: (any Error).self, "\(sql)") { try await fixture.run(sql, as: user) }
            }
            // Names that the server's own SQL uses, in the user's own file.
            for sql in [
                "CREATE TABLE findings (number)", "CREATE TABLE others (title)",
                "ALTER TABLE others RENAME TO researches",
                "CREATE TRIGGER t AFTER INSERT ON researches BEGIN DELETE FROM findings; END",
                "CREATE TABLE sqlite_stat_trap (a)", "INSERT INTO researches VALUES ('trapped')",
            ] {
                _ = try? await fixture.run(sql, as: user)
            }
            let titles = try await fixture.service(of: user) { connection in
                try connection.rows("SELECT title FROM researches")
            }
            #expect(titles == [[.text("untouched")]])
        }
    }

    @Test("it goes with the user's other files")
    func deleted() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.version(of: user)
            try await fixture.registry.deleteDatabase(of: user)
            #expect(access(fixture.files.directory(of: user), F_OK) != 0)
        }
    }
}

extension EngineFixture {
    /// Uses a user's service database.
    @discardableResult
    fileprivate func service<Result: Sendable>(
        of user: UserID, _ body: @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            try await engine.withService(timeout: .seconds(10), body)
        }
    }

    fileprivate func version(of user: UserID) async throws -> Int {
        try await service(of: user) { connection in
            guard case .integer(let version)? = try connection.firstRow("PRAGMA user_version")?.first else { return -1 }
            return Int(version)
        }
    }
}
