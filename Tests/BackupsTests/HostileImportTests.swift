import CofferTesting
import SQLCipher
import Testing
import Timekeeping
import UserEngines

@testable import Backups

@Suite("Imports that are meant to do harm")
struct HostileImportTests {
    /// As many entries as one likes, without the work of making what they stand for.
    private static func views(_ count: Int, _ body: String) -> String {
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count)) INSERT INTO sqlite_schema "
            + "SELECT 'view', 'v' || i, 'v' || i, 0, 'CREATE VIEW v' || i || ' AS SELECT ' || \(body) FROM n"
    }

    @Test("a schema that would take gigabytes of memory is refused", .timeLimit(.minutes(2)))
    func schema() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "PRAGMA writable_schema=ON", Self.views(20_000, "replace(hex(zeroblob(950)), '00', '1+') || '1'"),
            ])
            let error = await #expect(throws: BackupError.self) { try await user.importDatabase(file) }
            #expect(error == .invalidDatabase(["the schema: SQLITE_TOOBIG"]))
            try await user.run("CREATE TABLE still_mine(x)")
        }
    }

    @Test("views that would take hours to compile are not compiled", .timeLimit(.minutes(2)))
    func views() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "CREATE TABLE v0(a)", "PRAGMA writable_schema=ON",
                Self.views(15, "'x.a FROM v' || (i - 1) || ' x, v' || (i - 1) || ' y'"),
                "INSERT INTO sqlite_schema SELECT 'view', 'w' || value, 'w' || value, 0, "
                    + "'CREATE VIEW w' || value || ' AS SELECT a FROM v15' FROM generate_series(1, 2000)",
            ])
            try await user.importDatabase(file)
            #expect(try await user.integer("SELECT count(*) FROM sqlite_schema") == 2016)
            _ = try await user.exportText()
            _ = try await fixture.backups.exportPlain(with: user.access)
        }
    }

    /// To put each row into the index takes some hundredth of a second.
    private static let slow = [
        "CREATE TABLE t(x)", "CREATE INDEX i ON t(length(x))",
        "INSERT INTO t SELECT 1 FROM generate_series(1, 20000)", "PRAGMA writable_schema=ON",
        "UPDATE sqlite_schema SET sql = 'CREATE INDEX i ON t(length(replace(hex(zeroblob(1000000 + x)), ''0'', ''ab'')))' "
            + "WHERE name = 'i'",
    ]

    @Test("what takes long to compute is computed until the deadline", .timeLimit(.minutes(2)))
    func computed() async throws {
        try await BackupsFixture.run {
            $0.backups.copyTimeout = .seconds(1)
        } _: { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(Self.slow)
            let error = await #expect(throws: SQLiteError.self) { try await user.importDatabase(file) }
            #expect(error?.interruption == .deadline)
        }
    }

    @Test("references that take long to follow are followed until the deadline", .timeLimit(.minutes(2)))
    func references() async throws {
        try await BackupsFixture.run {
            $0.backups.copyTimeout = .seconds(2)
        } _: { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "CREATE TABLE p(id INTEGER PRIMARY KEY)", "INSERT INTO p VALUES (1)",
                "CREATE TABLE c(p" + String(repeating: " REFERENCES p", count: 10_000) + ")",
                "INSERT INTO c SELECT 1 FROM generate_series(1, 50000)",
            ])
            let error = await #expect(throws: SQLiteError.self) { try await user.importDatabase(file) }
            #expect(error?.interruption == .deadline)
        }
    }

    @Test("an import whose client has gone ends in the middle of the work", .timeLimit(.minutes(2)))
    func cancelled() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(Self.slow)
            let task = Task { try await user.importDatabase(file) }
            try await eventually { StoredFile.exists(user.database + StoredFile.partialSuffix) }
            task.cancel()
            await #expect(throws: (any Error).self) { try await task.value }
            #expect(!StoredFile.exists(user.database + StoredFile.partialSuffix))
            try await user.run("CREATE TABLE still_mine(x)")
        }
    }

    @Test("a name that SQL cannot say is refused")
    func name() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "CREATE TABLE t(x)", "PRAGMA writable_schema=ON",
                "UPDATE sqlite_schema SET name = 't' || char(0) || 'u', tbl_name = 't' || char(0) || 'u'",
            ])
            await #expect(throws: BackupError.self) { try await user.importDatabase(file) }
        }
    }
}
