import CSQLCipher

/// A result code of SQLite, primary or extended.
///
/// In a pattern a primary code matches itself and all its extended codes: `case .constraint` matches
/// `SQLITE_CONSTRAINT_UNIQUE`. See https://www.sqlite.org/rescode.html.
public struct SQLiteCode: RawRepresentable, Hashable, Sendable {
    /// The number as SQLite defines it.
    public let rawValue: Int32

    /// Makes a code from SQLite's number; any number is allowed.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The primary code: the least significant byte.
    public var primary: SQLiteCode { SQLiteCode(rawValue: rawValue & 0xff) }

    /// Whether `value` is `pattern`, or one of its extended codes if `pattern` is a primary code.
    public static func ~= (pattern: SQLiteCode, value: SQLiteCode) -> Bool {
        pattern == value || pattern == value.primary
    }
}

extension SQLiteCode {
    /// `SQLITE_OK`: no error.
    public static let ok = SQLiteCode(rawValue: SQLITE_OK)
    /// `SQLITE_ERROR`: the SQL is wrong, or anything that has no code of its own.
    public static let error = SQLiteCode(rawValue: SQLITE_ERROR)
    /// `SQLITE_INTERNAL`: a defect inside SQLite.
    public static let internalError = SQLiteCode(rawValue: SQLITE_INTERNAL)
    /// `SQLITE_BUSY`: another connection holds the lock that is needed.
    public static let busy = SQLiteCode(rawValue: SQLITE_BUSY)
    /// `SQLITE_LOCKED`: a statement of the same connection is in the way.
    public static let locked = SQLiteCode(rawValue: SQLITE_LOCKED)
    /// `SQLITE_NOMEM`: an allocation failed.
    public static let outOfMemory = SQLiteCode(rawValue: SQLITE_NOMEM)
    /// `SQLITE_READONLY`: a write to what may only be read.
    public static let readOnly = SQLiteCode(rawValue: SQLITE_READONLY)
    /// `SQLITE_READONLY_DBMOVED`: the path names another file than the one that was opened.
    public static let readOnlyFileMoved = SQLiteCode(rawValue: SQLITE_READONLY | (4 << 8))
    /// `SQLITE_INTERRUPT`: stopped by ``Connection/interrupt()`` or by a deadline.
    public static let interrupt = SQLiteCode(rawValue: SQLITE_INTERRUPT)
    /// `SQLITE_IOERR`: the operating system reported an I/O error.
    public static let ioError = SQLiteCode(rawValue: SQLITE_IOERR)
    /// `SQLITE_CORRUPT`: the file is damaged.
    public static let corrupt = SQLiteCode(rawValue: SQLITE_CORRUPT)
    /// `SQLITE_FULL`: the disk is full, or the database has reached its page limit.
    public static let full = SQLiteCode(rawValue: SQLITE_FULL)
    /// `SQLITE_CANTOPEN`: the file cannot be opened.
    public static let cantOpen = SQLiteCode(rawValue: SQLITE_CANTOPEN)
    /// `SQLITE_SCHEMA`: the schema kept changing while a statement was prepared.
    public static let schema = SQLiteCode(rawValue: SQLITE_SCHEMA)
    /// `SQLITE_TOOBIG`: a value or a statement is longer than its limit.
    public static let tooBig = SQLiteCode(rawValue: SQLITE_TOOBIG)
    /// `SQLITE_CONSTRAINT`: a constraint was violated.
    public static let constraint = SQLiteCode(rawValue: SQLITE_CONSTRAINT)
    /// `SQLITE_MISMATCH`: a value has the wrong type.
    public static let mismatch = SQLiteCode(rawValue: SQLITE_MISMATCH)
    /// `SQLITE_MISUSE`: the library was called wrongly, for example on a closed connection.
    public static let misuse = SQLiteCode(rawValue: SQLITE_MISUSE)
    /// `SQLITE_AUTH`: the authorizer refused the statement.
    public static let authorization = SQLiteCode(rawValue: SQLITE_AUTH)
    /// `SQLITE_RANGE`: a parameter or column index is out of range.
    public static let range = SQLiteCode(rawValue: SQLITE_RANGE)
    /// `SQLITE_NOTADB`: the file is no database under this key.
    public static let notADatabase = SQLiteCode(rawValue: SQLITE_NOTADB)
}
