import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Synchronization
import Testing
import Timekeeping
import UserEngines

@testable import Backups

@Suite("Exports")
struct ExportTests {
    @Test("SQL text makes an equal database in a plain SQLite of another process")
    func text() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            for sql in Specimen.statements { try await user.run(sql) }
            let text = try await user.exportText()
            let path = fixture.directory + "/text.sqlite3"
            _ = try await PlainSQLite.run(path, text, in: fixture.directory)
            let differences = try await Specimen.differences(of: path, in: fixture.directory)
            #expect(differences == [])
        }
    }

    @Test("SQL text is read to its end also when the last table that counted its rows is gone")
    func sequences() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            for sql in ["CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT)", "DROP TABLE t", "CREATE TABLE u(x)"] {
                try await user.run(sql)
            }
            let path = fixture.directory + "/text.sqlite3"
            _ = try await PlainSQLite.run(path, try await user.exportText(), in: fixture.directory)
            #expect(try await PlainSQLite.run(path, "SELECT count(*) FROM u;", in: fixture.directory) == "0\n")
        }
    }

    @Test("SQL text is read to its end also when statements of the schema end within a comment")
    func comments() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            for sql in [
                "CREATE TABLE t(x)", "CREATE INDEX i ON t(x) -- to the end of the line",
                "CREATE VIEW v AS SELECT 7 AS seven /* to the end", "CREATE VIEW w AS SELECT seven FROM v",
            ] { try await user.run(sql) }
            let path = fixture.directory + "/text.sqlite3"
            _ = try await PlainSQLite.run(path, try await user.exportText(), in: fixture.directory)
            #expect(try await PlainSQLite.run(path, "SELECT * FROM w;", in: fixture.directory) == "7\n")
            #expect(
                try await PlainSQLite.run(path, "SELECT count(*) FROM sqlite_schema;", in: fixture.directory) == "4\n")
        }
    }

    @Test("a client of SQL text has its time for each 64 KiB, also within a long value")
    func pieces() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            try await user.run("INSERT INTO t VALUES (hex(zeroblob(500000))), (zeroblob(500000))")
            let longest = Mutex(0)
            try await fixture.backups.exportText(with: user.access).write { piece in
                longest.withLock { $0 = max($0, piece.count) }
            }
            #expect(longest.withLock { $0 } <= 2 * SQLText.pieceBytes)
        }
    }

    @Test("a plain SQLite of another process opens a plain export, and the disk has never had a readable byte of it")
    func plain() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            for sql in Specimen.statements { try await user.run(sql) }
            let export = try await fixture.backups.exportPlain(with: user.access)
            let content = try #require(OpenFiles.contentOfUnlinked(under: fixture.directory).first)
            #expect(!content.contains(textOf: "SQLite format 3"))
            #expect(!content.contains(textOf: "the quick fox"))
            #expect(content.count > export.byteCount)
            let path = fixture.directory + "/plain.sqlite3"
            FileContent.write(try await export.bytes(), to: path)
            let differences = try await Specimen.differences(of: path, in: fixture.directory)
            #expect(differences == [])
        }
    }

    @Test("an export under a passphrase is opened by SQLCipher with it alone, and leaves no name behind")
    func encrypted() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            try await user.run("INSERT INTO t VALUES ('something legible')")
            let bytes = try await user.exportEncrypted("correct horse")
            #expect(!bytes.contains(textOf: "something legible"))
            #expect(!bytes.contains(textOf: "SQLite format 3"))
            let path = fixture.directory + "/exported.db"
            FileContent.write(bytes, to: path)
            #expect(try Self.rows(of: path, passphrase: "correct horse") == [[.text("something legible")]])
            #expect(throws: SQLiteError.self) { try Self.rows(of: path, passphrase: "wrong horse") }
        }
    }

    private static func rows(of path: String, passphrase: String) throws -> [[Value]] {
        let connection = try Array(passphrase.utf8).withUnsafeBytes {
            try Connection.open(ConnectionConfiguration(path: path, fileSystem: .immutable), passphrase: $0)
        }
        defer { _ = try? connection.close() }
        #expect(try connection.integrityProblems() == [])
        return try connection.rows("SELECT x FROM t")
    }

    @Test("an export has the rows of one moment while its user goes on writing, and one of each user runs at a time")
    func snapshot() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            try await user.run("INSERT INTO t VALUES (zeroblob(1000000)), ('last before')")
            let text = Mutex<[UInt8]>([])
            try await fixture.backups.exportText(with: user.access).write { piece in
                if text.withLock({ $0.isEmpty }) {
                    try await user.run("INSERT INTO t VALUES ('too late')")
                    await #expect(throws: BackupError.busy) { try await fixture.backups.exportPlain(with: user.access) }
                    let other = try await fixture.makeUser("bob")
                    _ = try await fixture.backups.exportPlain(with: other.access)
                }
                text.withLock { $0 += piece }
            }
            #expect(text.withLock { $0.contains(textOf: "last before") })
            #expect(text.withLock { !$0.contains(textOf: "too late") })
            #expect(try await user.exportText().contains(textOf: "too late"))
        }
    }

    @Test("a client that leaves ends its export, and everything that it held is free")
    func abandoned() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            try await user.run("INSERT INTO t VALUES (zeroblob(1000000))")
            struct Gone: Error {}
            await #expect(throws: Gone.self) {
                try await fixture.backups.exportText(with: user.access).write { _ in throw Gone() }
            }
            await #expect(throws: Gone.self) {
                try await fixture.backups.exportPlain(with: user.access).write { _ in throw Gone() }
            }
            _ = try await user.exportEncrypted("dropped unread")
            #expect(fixture.engines.census().total.occupancy.leased == 0)
            #expect(OpenFiles.contentOfUnlinked(under: fixture.directory).isEmpty)
        }
    }

    @Test("an export that takes too long to make ends")
    func tooSlow() async throws {
        try await BackupsFixture.run {
            $0.backups.copyTimeout = .zero
        } _: { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            try await user.run("INSERT INTO t VALUES (1)")
            let error = await #expect(throws: SQLiteError.self) {
                try await fixture.backups.exportPlain(with: user.access)
            }
            #expect(error?.interruption == .deadline)
        }
    }

    @Test("a file that a client holds open is in the descriptor budget, and they have half of it at most")
    func descriptors() async throws {
        try await BackupsFixture.run {
            $0.descriptorBudget = 12
        } _: { fixture in
            let user = try await fixture.makeUser()
            let backup = try await user.backUp()
            let before = fixture.budget.used
            do {
                let plain = try await fixture.backups.exportPlain(with: user.access)
                #expect(fixture.budget.used >= before + 1)
                var downloads: [any Sendable] = []
                for _ in 0..<5 { downloads.append(try await fixture.backups.beginDownload(of: backup)) }
                await #expect(throws: EngineError.descriptorBudget) {
                    _ = try await fixture.backups.beginDownload(of: backup)
                }
                // The others have the rest.
                try await user.run("SELECT 1")
                withExtendedLifetime((plain, downloads)) {}
            }
            _ = try await fixture.backups.beginDownload(of: backup)
        }
    }

    @Test("a user has eight downloads at once")
    func downloads() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let backup = try await user.backUp()
            do {
                var held: [any Sendable] = []
                for _ in 0..<8 { held.append(try await fixture.backups.beginDownload(of: backup)) }
                await #expect(throws: EngineError.descriptorBudget) {
                    _ = try await fixture.backups.beginDownload(of: backup)
                }
                withExtendedLifetime(held) {}
            }
            _ = try await fixture.backups.beginDownload(of: backup)
        }
    }

    @Test("a client that takes nothing loses its export")
    func stalled() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE t(x)")
            let isStalled = Atomic(false)
            let export = Task {
                try await fixture.backups.exportText(with: user.access).write { _ in
                    isStalled.store(true, ordering: .relaxed)
                    try await Task.sleep(for: .seconds(3600))
                }
            }
            try await eventually { isStalled.load(ordering: .relaxed) }
            fixture.time.advance(by: .seconds(59))
            #expect(fixture.engines.census().total.occupancy.leased == 1)
            try await eventually {
                fixture.time.advance(by: .seconds(2))
                return fixture.engines.census().total.occupancy.leased == 0
            }
            await #expect(throws: ClientTooSlow.self) { try await export.value }
        }
    }
}

extension BackupsFixture.User {
    func exportText() async throws -> [UInt8] {
        let text = Mutex<[UInt8]>([])
        try await fixture.backups.exportText(with: access).write { piece in text.withLock { $0 += piece } }
        return text.withLock { $0 }
    }
}

extension BackupsFixture.User {
    func exportEncrypted(_ passphrase: String) async throws -> [UInt8] {
        let export = try await fixture.backups.exportEncrypted(
            with: access, passphrase: GuardedBytes(copying: Array(passphrase.utf8)))
        let descriptor = try #require(export.takeDescriptor())
        defer { close(descriptor) }
        #expect(backupFiles == [])
        return FileContent.bytes(of: "/proc/self/fd/\(descriptor)")
    }
}

extension PlainExport {
    func bytes() async throws -> [UInt8] {
        let bytes = Mutex<[UInt8]>([])
        try await write { piece in bytes.withLock { $0 += piece } }
        return bytes.withLock { $0 }
    }
}
