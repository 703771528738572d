import Foundation
import SQLCipher
import Testing

@Suite struct OpeningTests {
    @Test("a connection is set up for users' data")
    func settings() throws {
        try withConnection { connection throws in
            let expected: [(String, Value)] = [
                ("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("trusted_schema", 0),
                ("temp_store", 2), ("cell_size_check", 1), ("cache_size", -2048), ("query_only", 0),
                ("cipher_memory_security", "0"),
            ]
            for (pragma, value) in expected {
                #expect(try connection.value("PRAGMA \(pragma)") == value, "\(pragma)")
            }
        }
    }

    @Test("the configuration's settings reach SQLite")
    func adjustedSettings() throws {
        try withConnection(adjusted: {
            $0.synchronous = .normal
            $0.cacheKiB = 256
            $0.maximumDatabaseBytes = 1 << 20
        }) { connection throws in
            #expect(try connection.value("PRAGMA synchronous") == 1)
            #expect(try connection.value("PRAGMA cache_size") == -256)
            #expect(try connection.value("PRAGMA max_page_count") == 256)
        }
    }

    @Test("defensive mode keeps the schema table from being written")
    func defensive() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); PRAGMA writable_schema = ON")
            #expect(throws: SQLiteError.self) { try connection.run("UPDATE sqlite_schema SET sql = 'x'") }
        }
    }

    @Test("load_extension is refused")
    func noExtensions() throws {
        try withConnection { connection throws in
            let error = #expect(throws: SQLiteError.self) { try connection.run("SELECT load_extension('x')") }
            #expect(error?.message == "not authorized")
        }
    }

    @Test("database and WAL are readable by their owner only, whatever the umask")
    func fileMode() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a)")
            for suffix in ["", "-wal"] {
                var status = stat()
                #expect(stat(database.path + suffix, &status) == 0)
                #expect(status.st_mode & 0o7777 == 0o600, "\(suffix)")
            }
            try connection.close()
        }
    }

    @Test("the exclusive file system has no shm file, the plain one has")
    func sharedMemory() throws {
        for (fileSystem, files) in [
            (ConnectionConfiguration.FileSystem.unixExclusive, ["main.db", "main.db-wal"]),
            (.unix, ["main.db", "main.db-shm", "main.db-wal"]),
        ] {
            try withDatabase { database throws in
                let connection = try database.open { $0.fileSystem = fileSystem }
                try connection.execute("CREATE TABLE t(a)")
                #expect(database.directory.entries == files)
                try connection.close()
                #expect(database.directory.entries == ["main.db"])
            }
        }
    }

    @Test("a missing file is an error unless it may be created, and leaves nothing behind")
    func missingFile() throws {
        try withDatabase { database throws in
            let error = #expect(throws: SQLiteError.self) { try database.open { $0.createIfMissing = false } }
            #expect(error?.code == .cantOpen)
            #expect(database.directory.entries.isEmpty)
        }
    }

    @Test("a missing directory is an error")
    func missingDirectory() throws {
        try withDatabase { database throws in
            let error = #expect(throws: SQLiteError.self) {
                try database.open { $0.path = database.directory.file("none/main.db") }
            }
            #expect(error?.code == .cantOpen)
        }
    }

    @Test("a directory in the place of the file is an error")
    func directoryInPlace() throws {
        try withDatabase { database throws in
            mkdir(database.path, 0o700)
            let error = #expect(throws: SQLiteError.self) { try database.open() }
            #expect(error?.code == .cantOpen)
            #expect(database.directory.entries == ["main.db"])
        }
    }

    @Test("a new file whose opening fails does not stay, one that was there does", arguments: [true, false])
    func failedCreation(isNew: Bool) throws {
        try withDatabase { database throws in
            // SQLite removes the WAL of an empty database, which fails for a directory.
            mkdir(database.path + "-wal", 0o700)
            if !isNew { try "".write(toFile: database.path, atomically: true, encoding: .utf8) }
            let error = #expect(throws: SQLiteError.self) { try database.open() }
            #expect(error?.isConnectionBroken == true)
            #expect(database.directory.entries == (isNew ? ["main.db-wal"] : ["main.db", "main.db-wal"]))
        }
    }

    @Test("what a connection has written is there when it is opened again")
    func persistence() throws {
        try withDatabase { database throws in
            let first = try database.open()
            try first.execute("CREATE TABLE t(a); INSERT INTO t VALUES (42)")
            try first.close()
            let second = try database.open { $0.createIfMissing = false }
            #expect(try second.value("SELECT a FROM t") == 42)
            try second.close()
        }
    }

    @Test("a connection for queries reads what others write, and cannot write")
    func queryOnly() throws {
        try withDatabase { database throws in
            let writer = try database.open()
            try writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            let reader = try database.open { $0.access = .queryOnly }
            #expect(try reader.value("SELECT a FROM t") == 1)
            let error = #expect(throws: SQLiteError.self) { try reader.run("INSERT INTO t VALUES (2)") }
            #expect(error?.code == .readOnly)
            try reader.close()
            try writer.close()
        }
    }

    @Test("a replaced or removed file is noticed")
    func movedFile() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a)")
            #expect(!connection.hasFileMoved)
            try connection.check()
            #expect(rename(database.path, database.path + ".old") == 0)
            #expect(connection.hasFileMoved)
            let error = #expect(throws: SQLiteError.self) { try connection.check() }
            #expect(error?.extendedCode == .readOnlyFileMoved)
            try connection.close()
        }
    }
}
