import CSQLCipher

/// An error that SQLite reported.
///
/// ``message`` may quote the statement that failed: it is for the one who sent the statement. The description, which
/// goes into logs, is the code's name alone.
public struct SQLiteError: Error, Hashable, Sendable {
    /// The primary code, such as `SQLITE_CONSTRAINT`.
    public let code: SQLiteCode

    /// The extended code, such as `SQLITE_CONSTRAINT_UNIQUE`; the same as ``code`` where SQLite has no finer one.
    public let extendedCode: SQLiteCode

    /// SQLite's English text.
    public let message: String

    /// Where in the SQL text the error is, in bytes from its beginning, where SQLite knows.
    /// See https://www.sqlite.org/c3ref/errcode.html.
    public let offset: Int?

    /// What stopped the statement, if ``code`` is ``SQLiteCode/interrupt``.
    public let interruption: Interruption?

    /// Makes an error.
    public init(
        _ extendedCode: SQLiteCode, message: String, offset: Int? = nil, interruption: Interruption? = nil
    ) {
        self.code = extendedCode.primary
        self.extendedCode = extendedCode
        self.message = message
        self.offset = offset
        self.interruption = interruption
    }

    /// Whether the connection can no longer be trusted and has to be closed: what the file or the memory behind it
    /// failed at. An error in the data, such as a violated constraint, leaves the connection as it was.
    public var isConnectionBroken: Bool {
        switch code {
        case .notADatabase, .corrupt, .ioError, .cantOpen, .outOfMemory: true
        // What SQL itself does wrong has a message of its own. SQLCipher gives none for a page that is not authentic,
        // and a function of a virtual table sometimes none either.
        case .error: message == Self.messageOfAnyError
        default: false
        }
    }

    private static let messageOfAnyError = String(cString: sqlite3_errstr(SQLITE_ERROR))
}

/// What stopped a statement before its end.
public enum Interruption: Hashable, Sendable {
    /// ``Connection/interrupt(_:)``
    case requested
    /// The same, for ``InterruptionRequest/oldSnapshot``.
    case oldSnapshot
    /// The deadline given to ``Connection/limit(until:)``.
    case deadline
}

extension SQLiteError {
    /// The error that the last call on `handle` left there.
    init(_ result: Int32, on handle: OpaquePointer?, interruption: Interruption? = nil) {
        guard let handle else {
            self.init(SQLiteCode(rawValue: result), message: String(cString: sqlite3_errstr(result)))
            return
        }
        let offset = sqlite3_error_offset(handle)
        self.init(
            SQLiteCode(rawValue: result), message: String(cString: sqlite3_errmsg(handle)),
            offset: offset >= 0 ? Int(offset) : nil, interruption: interruption)
    }

    init(refusal: String) {
        self.init(.authorization, message: "not authorized: \(refusal)")
    }

    static let closed = SQLiteError(.misuse, message: "the connection is closed")
    static let statementEnded = SQLiteError(.misuse, message: "the statement has ended")
}

extension SQLiteError: CustomStringConvertible, CustomDebugStringConvertible {
    /// The extended code's name, without the message.
    public var description: String { extendedCode.name }

    /// The extended code's name and the message, for a developer's eyes.
    public var debugDescription: String { "\(extendedCode.name): \(message)" }
}
