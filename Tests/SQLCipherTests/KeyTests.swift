import CofferTesting
import Foundation
import SQLCipher
import Testing

@Suite struct KeyTests {
    private static let marker = "a marker that must not be found"

    @Test("a wrong key is no database, and leaves nothing open")
    func wrongKey() throws {
        try withDatabase { database throws in
            try Self.fill(database)
            var key = TestDatabase.key
            key[31] ^= 1
            let error = #expect(throws: SQLiteError.self) { try database.open(key: key) }
            #expect(error?.code == .notADatabase)
            #expect(error?.isConnectionBroken == true)
            #expect(database.openFiles.isEmpty)
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("a wrong key beside a connection that has the right one harms nothing")
    func wrongKeyBesideRightOne() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            #expect(throws: SQLiteError.self) { try database.open(key: TestDatabase.key.reversed()) }
            try connection.run("INSERT INTO t VALUES (2)")
            #expect(try connection.value("SELECT sum(a) FROM t") == 3)
            try connection.close()
        }
    }

    @Test("an encrypted file cannot be opened without a key, nor a plain one with a key")
    func keyOnOneSideOnly() throws {
        try withDatabase { database throws in
            try Self.fill(database)
            let error = #expect(throws: SQLiteError.self) { try database.open(key: nil) }
            #expect(error?.code == .notADatabase)
        }
        try withDatabase { database throws in
            try Self.fill(database, key: nil)
            let error = #expect(throws: SQLiteError.self) { try database.open() }
            #expect(error?.code == .notADatabase)
        }
    }

    @Test("a file that is no database is refused and kept")
    func garbage() throws {
        try withDatabase { database throws in
            let garbage = Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            try garbage.write(to: URL(filePath: database.path))
            let error = #expect(throws: SQLiteError.self) { try database.open() }
            #expect(error?.code == .notADatabase)
            #expect(try Data(contentsOf: URL(filePath: database.path)) == garbage)
        }
    }

    @Test("every bit of key and salt counts")
    func everyByteOfTheKey() throws {
        try withDatabase { database throws in
            try Self.fill(database)
            for index in TestDatabase.key.indices {
                var key = TestDatabase.key
                key[index] ^= 0x80
                let error = #expect(throws: SQLiteError.self, "byte \(index)") { try database.open(key: key) }
                #expect(error?.code == .notADatabase)
            }
        }
    }

    @Test("the key is used as it is: an open takes far less than a key derivation")
    func noKeyDerivation() throws {
        try withDatabase { database throws in
            try Self.fill(database)
            let clock = ContinuousClock()
            // The fastest of several: one may be held up by other work on the machine. A derivation takes 100 ms.
            let fastest = try (0..<5).map { _ in
                try clock.measure { _ = try database.open().close() }
            }.min()
            #expect(try #require(fastest) < .milliseconds(30))
        }
    }

    @Test("no byte of text, name or SQL is in the files, neither in the database nor in the WAL")
    func ciphertext() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE a_telling_name(a)")
            try connection.run("INSERT INTO a_telling_name VALUES (?)", [.text(Self.marker)])
            // Copies: closing a descriptor of a file that SQLite has open drops its locks.
            for name in ["main.db", "main.db-wal"] {
                try Self.copy(database.directory.file(name), to: database.directory.file("copy"))
                let bytes = try Data(contentsOf: URL(filePath: database.directory.file("copy")))
                #expect(!bytes.isEmpty)
                for text in [Self.marker, "a_telling_name", "SQLite format 3"] {
                    #expect(bytes.range(of: Data(text.utf8)) == nil, "\(text) in \(name)")
                }
            }
            try connection.close()
        }
    }

    @Test("plain SQLite cannot read a copy of the file")
    func plainSQLite() throws {
        try withDatabase { database throws in
            try Self.fill(database)
            let copy = database.directory.file("copy.db")
            try FileManager.default.copyItem(atPath: database.path, toPath: copy)
            let result = try Self.sqlite3(copy, "SELECT count(*) FROM sqlite_master")
            #expect(result.status != 0)
            #expect(result.error.contains("file is not a database"))
        }
    }

    @Test("the command that stands for a stranger does read a plain file")
    func plainSQLiteReadsPlainFile() throws {
        try withDatabase { database throws in
            try Self.fill(database, key: nil)
            let result = try Self.sqlite3(database.path, "SELECT a FROM t")
            #expect(result.status == 0)
            #expect(result.output == Self.marker + "\n")
        }
    }

    @Test("another process is kept out of a plain file as long as a connection has it")
    func anotherProcess() throws {
        try withDatabase { database throws in
            try Self.fill(database, key: nil)
            let connection = try database.open(key: nil)
            for sql in ["SELECT count(*) FROM t", "INSERT INTO t VALUES (1)"] {
                let result = try Self.sqlite3(database.path, sql)
                #expect(result.status != 0)
                #expect(result.error.contains("locked"), "\(result.error)")
            }
            try connection.run("INSERT INTO t VALUES (2)")
            try connection.close()
            #expect(try Self.sqlite3(database.path, "SELECT count(*) FROM t").output == "2\n")
        }
    }

    @Test("two connections of one process share a file under the exclusive file system")
    func twoConnections() throws {
        try withDatabase { database throws in
            let first = try database.open()
            let second = try database.open()
            try first.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            #expect(try second.value("SELECT a FROM t") == 1)
            try second.run("INSERT INTO t VALUES (2)")
            #expect(try first.value("SELECT count(*) FROM t") == 2)
            try first.close()
            #expect(try second.value("SELECT count(*) FROM t") == 2)
            try second.close()
        }
    }

    private static func fill(_ database: TestDatabase, key: [UInt8]? = TestDatabase.key) throws {
        let connection = try database.open(key: key)
        try connection.execute("CREATE TABLE t(a)")
        try connection.run("INSERT INTO t VALUES (?)", [.text(marker)])
        try connection.close()
    }

    /// Copies in another process, whose descriptors do not touch our locks.
    private static func copy(_ source: String, to target: String) throws {
        #expect(try run("/bin/cp", [source, target]).status == 0)
    }

    private static func sqlite3(_ path: String, _ sql: String) throws -> CommandResult {
        try run("/usr/bin/sqlite3", ["-batch", "-init", "/dev/null", path, sql])
    }

    private struct CommandResult {
        let status: Int32
        let output: String
        let error: String
    }

    private static func run(_ command: String, _ arguments: [String]) throws -> CommandResult {
        let process = Process()
        process.executableURL = URL(filePath: command)
        process.arguments = arguments
        let (output, error) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = error
        try process.run()
        // The texts are short: they fit the pipes.
        process.waitUntilExit()
        return CommandResult(
            status: process.terminationStatus,
            output: String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self),
            error: String(decoding: error.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self))
    }
}
