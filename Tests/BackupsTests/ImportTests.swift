import Accounts
import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Testing
import UserEngines

@testable import Backups

@Suite("Imports")
struct ImportTests {
    @Test(
        "a plain database comes in with everything, whatever form its file has",
        arguments: ["", "PRAGMA page_size=512;", "PRAGMA page_size=65536;", "PRAGMA journal_mode=WAL;"])
    func plain(form: String) async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE before(x)")
            let result = try await user.importDatabase(try await fixture.foreign(Specimen.statements, form: form))
            #expect(result.foreignKeyViolations == 0)
            #expect(result.safetyBackup?.kind == .safety)
            let stored = FileContent.bytes(of: user.database)
            #expect(stored.count == result.byteCount)
            #expect(!stored.contains(textOf: "the quick fox") && !stored.contains(textOf: "SQLite format 3"))
            let path = fixture.directory + "/again.sqlite3"
            FileContent.write(try await fixture.backups.exportPlain(with: user.access).bytes(), to: path)
            let differences = try await Specimen.differences(of: path, in: fixture.directory)
            #expect(differences == [])
            // It is a database like any other of theirs.
            try await user.run("INSERT INTO texts(title, body) VALUES ('new', 'quick')")
            #expect(try await user.integer("SELECT count(*) FROM texts('quick')") == 3)
        }
    }

    @Test("a database with texts in UTF-16 comes in with the same texts")
    func utf16() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(
                ["CREATE TABLE t(x)", "INSERT INTO t VALUES ('héllo €')"], form: "PRAGMA encoding='UTF-16be';")
            _ = try await user.importDatabase(file)
            #expect(try await user.run("SELECT x FROM t") == [[.text("héllo €")]])
        }
    }

    @Test("a database under a passphrase comes in with it, and with no other")
    func encrypted() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            for sql in Specimen.statements { try await ada.run(sql) }
            let file = try await ada.exportEncrypted("öffne dich")
            let bob = try await fixture.makeUser("bob")
            try await bob.run("CREATE TABLE before(x)")
            for passphrase in [nil, "öffne"] {
                await #expect(throws: BackupError.self) { try await bob.importDatabase(file, passphrase: passphrase) }
                #expect(try await bob.integer("SELECT count(*) FROM before") == 0)
            }
            _ = try await bob.importDatabase(file, passphrase: "öffne dich")
            let path = fixture.directory + "/again.sqlite3"
            FileContent.write(try await fixture.backups.exportPlain(with: bob.access).bytes(), to: path)
            let differences = try await Specimen.differences(of: path, in: fixture.directory)
            #expect(differences == [])
        }
    }

    /// What is no sound database, made from a sound one.
    enum Damage: CaseIterable {
        case empty, short, text, cut, page, header

        func apply(to file: [UInt8]) -> [UInt8] {
            switch self {
            case .empty: []
            case .short: Array(file[..<10])
            case .text: Array("this is no database, only a text that somebody has taken for one".utf8)
            case .cut: Array(file[..<(file.count / 2)])
            case .page: file[..<8192] + [UInt8](repeating: 0xA5, count: 4096) + file[12288...]
            case .header: file[..<16] + [0xFF, 0xFF] + file[18...]
            }
        }
    }

    @Test("what is not a sound database is refused, and the old one is as it was", arguments: Damage.allCases)
    func damaged(damage: Damage) async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE before(x)")
            let file = damage.apply(to: try await fixture.foreign(Specimen.statements))
            let error = await #expect(throws: BackupError.self) { try await user.importDatabase(file) }
            guard case .invalidDatabase(let problems)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!problems.isEmpty)
            #expect(try await user.integer("SELECT count(*) FROM before") == 0)
            #expect(try await fixture.backups.backups(of: user.id).isEmpty)
            #expect(OpenFiles.contentOfUnlinked(under: fixture.directory).isEmpty)
        }
    }

    @Test(
        "what a user may not make comes in by no other way either, and the answer names it",
        arguments: [
            (["CREATE VIRTUAL TABLE spy USING dbstat"], #"table "spy": not authorized: CREATE VIRTUAL TABLE spy"#),
            (
                ["CREATE VIRTUAL TABLE words USING fts3(x)"],
                #"table "words": not authorized: CREATE VIRTUAL TABLE words"#
            ),
            (
                [
                    "CREATE TABLE t(a)", "CREATE TABLE u(a)", "PRAGMA writable_schema=ON",
                    "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a); DROP TABLE u' WHERE name = 't'",
                ], #"table "t": its text in the schema is not one statement that makes it"#
            ),
            (
                [
                    "CREATE TABLE t(a)", "PRAGMA writable_schema=ON",
                    "UPDATE sqlite_schema SET sql = 'CREATE TEMP TABLE t(a)' WHERE name = 't'",
                ], #"table "t": not authorized: INSERT into sqlite_temp_master"#
            ),
        ])
    func refused(statements: [String], problem: String) async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(statements)
            let error = await #expect(throws: BackupError.self) { try await user.importDatabase(file) }
            #expect(error == .invalidDatabase([problem]))
        }
    }

    @Test("a database over the size limit does not come in")
    func tooLarge() async throws {
        try await BackupsFixture.run {
            $0.engines.maximumDatabaseBytes = 200_000
        } _: { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(["CREATE TABLE t(x)", "INSERT INTO t VALUES (zeroblob(300000))"])
            let error = await #expect(throws: SQLiteError.self) { try await user.importDatabase(file) }
            #expect(error?.code == .full)
            try await user.run("CREATE TABLE still_mine(x)")
        }
    }

    @Test("a database that takes too long to make does not come in")
    func tooSlow() async throws {
        try await BackupsFixture.run {
            $0.backups.copyTimeout = .zero
        } _: { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign(Specimen.statements)
            let error = await #expect(throws: SQLiteError.self) { try await user.importDatabase(file) }
            #expect(error?.interruption == .deadline)
            try await user.run("CREATE TABLE still_mine(x)")
        }
    }

    @Test("rows that refer to nothing come in, and are counted")
    func violations() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "CREATE TABLE p(id INTEGER PRIMARY KEY)", "CREATE TABLE c(p REFERENCES p)",
                "INSERT INTO c VALUES (1), (2)",
            ])
            #expect(try await user.importDatabase(file).foreignKeyViolations == 2)
            #expect(try await user.integer("SELECT count(*) FROM c") == 2)
        }
    }

    @Test("a reference to what cannot be referred to comes in, and nothing is counted")
    func mismatch() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            let file = try await fixture.foreign([
                "CREATE TABLE p(id)", "CREATE TABLE c(p REFERENCES p(id))", "INSERT INTO c VALUES (1)",
            ])
            #expect(try await user.importDatabase(file).foreignKeyViolations == nil)
            #expect(try await user.integer("SELECT count(*) FROM c") == 1)
        }
    }

    @Test("while a file arrives nothing of it is legible on the disk, and a client that leaves changes nothing")
    func interrupted() async throws {
        try await BackupsFixture.run { fixture in
            let user = try await fixture.makeUser()
            try await user.run("CREATE TABLE before(x)")
            let file = try await fixture.foreign(Specimen.statements)
            struct Gone: Error {}
            let (body, sender) = AsyncThrowingStream.makeStream(of: [UInt8].self)
            let task = Task {
                try await fixture.backups.importDatabase(
                    of: user.access, from: body, byteCount: nil, passphrase: nil)
            }
            for start in stride(from: 0, to: file.count - 1000, by: 1000) {
                sender.yield(Array(file[start..<start + 1000]))
            }
            try await eventually {
                OpenFiles.contentOfUnlinked(under: fixture.directory).contains { $0.count > file.count * 9 / 10 }
            }
            let stored = try #require(OpenFiles.contentOfUnlinked(under: fixture.directory).first)
            #expect(!stored.contains(textOf: "SQLite format 3") && !stored.contains(textOf: "the quick fox"))
            await #expect(throws: BackupError.busy) { try await user.importDatabase(file) }
            sender.finish(throwing: Gone())
            await #expect(throws: Gone.self) { try await task.value }
            #expect(OpenFiles.contentOfUnlinked(under: fixture.directory).isEmpty)
            #expect(try await user.integer("SELECT count(*) FROM before") == 0)
        }
    }
}

extension BackupsFixture {
    /// The file that the sqlite3 command makes of some statements.
    func foreign(_ statements: [String], form: String = "") async throws -> [UInt8] {
        let path = directory + "/foreign.sqlite3"
        unlink(path)
        _ = try await PlainSQLite.run(
            path, form + statements.map { $0 + ";\n" }.joined(), in: directory)
        return FileContent.bytes(of: path)
    }
}

extension BackupsFixture.User {
    @discardableResult
    func importDatabase(_ file: [UInt8], passphrase: String? = nil) async throws -> ImportResult {
        // Pieces of which none begins or ends where a page does.
        let pieces = stride(from: 0, to: file.count, by: 7001).map { Array(file[$0..<min($0 + 7001, file.count)]) }
        let body = AsyncStream { sender in
            for piece in pieces { sender.yield(piece) }
            sender.finish()
        }
        return try await fixture.backups.importDatabase(
            of: access, from: body, byteCount: Int64(file.count),
            passphrase: passphrase.map { try GuardedBytes(copying: Array($0.utf8)) })
    }
}
