import CSQLCipher
import Glibc

extension Connection {
    /// Opens a database and proves the key by reading from it. Nothing stays open, and no new file stays, if it fails.
    ///
    /// - Parameter key: 32 bytes of key and 16 of salt, used as they are; nil for a database without encryption. The
    ///   memory remains the caller's.
    /// - Throws: ``SQLiteCode/notADatabase`` for a wrong key, ``SQLiteCode/cantOpen`` for a missing file,
    ///   ``SQLiteCode/readOnly`` for a file that may not be written.
    public static func open(
        _ configuration: ConnectionConfiguration, key: UnsafeRawBufferPointer?
    ) throws(SQLiteError) -> Connection {
        try open(configuration, with: key.map { .raw($0) } ?? .none)
    }

    /// The same with the key that SQLCipher 4 derives from a passphrase with its default settings, which takes a tenth
    /// of a second. See https://www.zetetic.net/sqlcipher/sqlcipher-api/#key.
    ///
    /// - Parameter passphrase: at least one byte; the memory remains the caller's.
    public static func open(
        _ configuration: ConnectionConfiguration, passphrase: UnsafeRawBufferPointer
    ) throws(SQLiteError) -> Connection {
        precondition(!passphrase.isEmpty, "an empty passphrase would mean no encryption")
        return try open(configuration, with: .passphrase(passphrase))
    }

    private enum Credential {
        case none
        case raw(UnsafeRawBufferPointer)
        case passphrase(UnsafeRawBufferPointer)
    }

    private static func open(
        _ configuration: ConnectionConfiguration, with credential: Credential
    ) throws(SQLiteError) -> Connection {
        do {
            try SQLCipherLibrary.verify()
        } catch {
            throw SQLiteError(.error, message: error.description)
        }
        let isNew = configuration.createIfMissing ? try createFile(at: configuration.path) : false
        do throws(SQLiteError) {
            return try open(configuration, existingFileWith: credential)
        } catch {
            if isNew { removeFile(at: configuration.path) }
            throw error
        }
    }

    private static func open(
        _ configuration: ConnectionConfiguration, existingFileWith credential: Credential
    ) throws(SQLiteError) -> Connection {
        let connection = Connection(handle: try openFile(configuration), configuration: configuration)
        do throws(SQLiteError) {
            try connection.setUp(credential)
        } catch {
            try connection.close()
            throw error
        }
        return connection
    }

    /// Creates an empty file that only its owner may read or write; false if there was one.
    ///
    /// SQLite would create it with the umask's mode, and gives the WAL the mode of the database. `mknod` opens no
    /// descriptor, whose closing would drop the locks of a connection that another thread has just opened.
    private static func createFile(at path: String) throws(SQLiteError) -> Bool {
        if mknod(path, S_IFREG | S_IRUSR | S_IWUSR, 0) == 0 { return true }
        let error = errno
        guard error == EEXIST else {
            let full = error == ENOSPC || error == EDQUOT
            throw SQLiteError(full ? .full : .cantOpen, message: String(cString: strerror(error)))
        }
        return false
    }

    private static func removeFile(at path: String) {
        for suffix in ["-wal", "-shm", "-journal", ""] { unlink(path + suffix) }
    }

    private static func openFile(_ configuration: ConnectionConfiguration) throws(SQLiteError) -> OpaquePointer {
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let result =
            switch configuration.fileSystem {
            case .unixExclusive:
                ExclusiveFileSystem.registration == SQLITE_OK
                    ? sqlite3_open_v2(
                        configuration.path, &handle, flags | SQLITE_OPEN_READWRITE, ExclusiveFileSystem.name)
                    : ExclusiveFileSystem.registration
            case .unix:
                sqlite3_open_v2(configuration.path, &handle, flags | SQLITE_OPEN_READWRITE, "unix")
            case .immutable:
                sqlite3_open_v2(
                    immutableURI(configuration.path), &handle, flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, "unix")
            case .storage(let storage):
                StorageFileSystem.withName(of: storage) { name in
                    let access = configuration.access == .queryOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
                    return sqlite3_open_v2(name, &handle, flags | access, StorageFileSystem.name)
                } ?? SQLITE_NOMEM
            }
        guard result == SQLITE_OK, let handle else {
            let error = SQLiteError(result, on: handle)
            sqlite3_close(handle)
            throw error
        }
        return handle
    }

    /// Escapes what a URI would read as something else; a relative path stays one.
    private static func immutableURI(_ path: String) -> String {
        let reserved: [Character: String] = ["%": "%25", "?": "%3f", "#": "%23"]
        return "file:" + path.map { reserved[$0] ?? String($0) }.joined() + "?immutable=1"
    }

    private func setUp(_ credential: Credential) throws(SQLiteError) {
        let handle = try openHandle()
        switch credential {
        case .none: break
        case .raw(let key): try RawKey.set(key, on: handle)
        case .passphrase(let passphrase):
            let result = sqlite3_key_v2(handle, "main", passphrase.baseAddress, Int32(clamping: passphrase.count))
            guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        }
        busyWait.install(on: handle)
        configuration.limits.apply(to: handle)
        try setFlags(on: handle)
        limit.install(on: handle)
        try readSchema(handle)
        if !configuration.isUnchanging {
            guard sqlite3_db_readonly(handle, nil) == 0 else {
                throw SQLiteError(.readOnly, message: "the database file may not be written")
            }
            try setJournal()
        }
        try applyPragmas()
        authorization.install(on: handle)
        memory = HandleMemory(of: handle)
    }

    /// No earlier statement reads a page, so this one tells a wrong key.
    private func readSchema(_ handle: OpaquePointer) throws(SQLiteError) {
        let sql = "SELECT count(*) FROM sqlite_schema"
        guard let bounds = configuration.schemaBounds else {
            _ = try ownText(sql)
            return
        }
        limit.setDeadline(bounds.deadline)
        _ = try SchemaWatch(bounds, on: handle).run { () throws(SQLiteError) in try ownText(sql) }
    }

    /// https://www.sqlite.org/c3ref/c_dbconfig_defensive.html
    private func setFlags(on handle: OpaquePointer) throws(SQLiteError) {
        let flags = [
            (SQLITE_DBCONFIG_ENABLE_FKEY, 1), (SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0), (SQLITE_DBCONFIG_DEFENSIVE, 1),
            (SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0),
        ]
        for (flag, value) in flags {
            let result = coffer_sqlite3_db_config_flag(handle, Int32(flag), Int32(value), nil)
            guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        }
    }

    private func setJournal() throws(SQLiteError) {
        let wanted =
            switch configuration.journal {
            case .writeAheadLog: "wal"
            case .memory: "memory"
            }
        guard try ownText("PRAGMA journal_mode = \(wanted)") == wanted else {
            throw SQLiteError(.cantOpen, message: "the database cannot use the journal mode \(wanted)")
        }
    }

    /// https://www.sqlite.org/pragma.html
    private func applyPragmas() throws(SQLiteError) {
        // A temporary file would hold plain text, so there are none.
        try execute(
            """
            PRAGMA synchronous = \(configuration.synchronous.rawValue);
            PRAGMA temp_store = MEMORY;
            PRAGMA cell_size_check = ON;
            PRAGMA cache_size = -\(configuration.cacheKiB)
            """)
        // SQLCipher answers NULL where it has no memory for the number.
        guard let pageSize = try ownText("PRAGMA page_size").flatMap({ Int($0) }) else {
            throw SQLiteError(.outOfMemory, message: "out of memory")
        }
        if let committed = configuration.committed {
            commitHook = CommitHook(pageSize: pageSize, committed)
            commitHook?.install(on: try openHandle())
        }
        if let bytes = configuration.maximumDatabaseBytes {
            _ = try ownText("PRAGMA max_page_count = \(max(1, bytes / pageSize))")
        }
        if configuration.access == .queryOnly { try execute("PRAGMA query_only = ON") }
    }
}
