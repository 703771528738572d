import CSQLCipher

/// The SQLCipher library that is linked, and its settings for the whole process.
public enum SQLCipherLibrary {
    /// The oldest major version that reads and writes the files of this program.
    static let oldestMajorVersion = 4

    /// Checks that the library is SQLCipher 4 or later, and says which. Called before anything else; every open calls
    /// it.
    ///
    /// The first call sets what holds for the process: no statistics of memory, for which every allocation would take
    /// one lock; no page memory allocated ahead (67 instead of 136 KiB per connection); no log of failed decryptions on
    /// stderr; no locking of SQLCipher's memory, which makes every page access several times slower.
    ///
    /// It also keeps a keyed connection to a database in memory until the process ends. With its last keyed connection
    /// SQLCipher gives up what all of them share, and the next one sets it up again without looking whether there was
    /// memory for it: an allocation that fails there would end the process. See `sqlcipher_activate` in
    /// https://github.com/sqlcipher/sqlcipher/blob/v4.6.1/src/sqlcipher.c.
    @discardableResult
    public static func verify() throws(LibraryError) -> LibraryVersions {
        try outcome.get().versions
    }

    private static let outcome = Result<Verified, LibraryError> { () throws(LibraryError) in
        // Refused with SQLITE_MISUSE if other code has used SQLite before: that costs memory and nothing else.
        _ = coffer_sqlite3_config_int(SQLITE_CONFIG_MEMSTATUS, 0)
        _ = coffer_sqlite3_config_pagecache(nil, 0, 0)
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(":memory:", &handle, flags, nil) == SQLITE_OK, let opened = handle else {
            defer { sqlite3_close(handle) }
            throw LibraryError.unusable(String(cString: sqlite3_errmsg(handle)))
        }
        do throws(LibraryError) {
            return Verified(versions: try verify(on: opened), keptHandle: opened)
        } catch {
            sqlite3_close(opened)
            throw error
        }
    }

    private static func verify(on handle: OpaquePointer) throws(LibraryError) -> LibraryVersions {
        let version = firstText("PRAGMA cipher_version", on: handle)
        let versions = LibraryVersions(
            sqlcipher: version ?? "", sqlite: String(cString: sqlite3_libversion()),
            sqliteNumber: Int(sqlite3_libversion_number()))
        try checkVersion(version, sqlite: versions.sqlite)
        try applySettings(on: handle)
        return versions
    }

    /// Sound as `@unchecked Sendable`: the handle is kept and not used.
    private struct Verified: @unchecked Sendable {
        let versions: LibraryVersions
        let keptHandle: OpaquePointer
    }

    private static func applySettings(on handle: OpaquePointer) throws(LibraryError) {
        // The first key of a process sets the log level to its default, so the setting has to come after one.
        let key = [UInt8](repeating: 0, count: RawKey.byteCount)
        let isKeyed = key.withUnsafeBytes { (try? RawKey.set($0, on: handle)) != nil }
        let settings = "PRAGMA cipher_log_level = NONE; PRAGMA cipher_memory_security = OFF"
        guard isKeyed, sqlite3_exec(handle, settings, nil, nil, nil) == SQLITE_OK else {
            throw LibraryError.unusable(String(cString: sqlite3_errmsg(handle)))
        }
    }

    /// `version` is what `PRAGMA cipher_version` answers, such as `4.6.1 community`; nil if it does not.
    static func checkVersion(_ version: String?, sqlite: String) throws(LibraryError) {
        guard let version else { throw .notSQLCipher(sqlite: sqlite) }
        guard let major = version.split(separator: ".").first.flatMap({ Int($0) }), major >= oldestMajorVersion else {
            throw .tooOld(sqlcipher: version)
        }
    }

    private static func firstText(_ sql: String, on handle: OpaquePointer?) -> String? {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(handle, sql, -1, &statement, nil) == SQLITE_OK, sqlite3_step(statement) == SQLITE_ROW
        else { return nil }
        return sqlite3_column_text(statement, 0).map { String(cString: $0) }
    }
}

/// The versions of the library that is linked.
public struct LibraryVersions: Hashable, Sendable {
    /// SQLCipher's version and edition, such as `4.6.1 community`.
    public let sqlcipher: String
    /// The version of the SQLite inside, such as `3.46.1`.
    public let sqlite: String
    /// The same as a number, such as 3046001.
    public let sqliteNumber: Int

    /// A known defect of this version that the operator should hear of; nil if none is known.
    public var warning: String? {
        // https://www.sqlite.org/releaselog/3_51_2.html
        guard (3_051_000...3_051_001).contains(sqliteNumber) else { return nil }
        return "SQLite \(sqlite) can deadlock when connections of a WAL file open and close; use 3.51.2 or later"
    }
}

/// Why the library cannot be used.
public enum LibraryError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The library is SQLite without encryption.
    case notSQLCipher(sqlite: String)
    /// SQLCipher before version 4.
    case tooOld(sqlcipher: String)
    /// The library does not open a database in memory.
    case unusable(String)

    /// What is wrong, and what to do about it.
    public var description: String {
        switch self {
        case .notSQLCipher(let version): "the linked SQLite \(version) is not SQLCipher; \(Self.remedy)"
        case .tooOld(let version): "SQLCipher \(version) is too old; \(Self.remedy)"
        case .unusable(let message): "SQLCipher does not work: \(message)"
        }
    }

    private static let remedy = "install SQLCipher 4 or later (libsqlcipher-dev), as scripts/setup does"
}
