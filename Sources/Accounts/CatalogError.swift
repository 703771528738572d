import SQLCipher

/// Why the catalog cannot be used, or a record in it.
public enum CatalogError: Error, Equatable, Sendable, CustomStringConvertible {
    /// SQLite cannot read or write the file now. It is the server's failure, never one of a user's own SQL.
    case unavailable(SQLiteError)
    /// SQLite could not commit. The change does not count now, but it may be in the log, and then it does after a
    /// crash.
    case commitFailed(SQLiteError)
    /// The file was written by a newer program.
    case newerSchema(found: Int, supported: Int)
    /// A record holds what this program never writes.
    case damagedRecord(table: String)
    /// What was deleted is gone from the database, but its traces stay in the write-ahead log while another process
    /// keeps reading the catalog. They are removed as soon as it stops.
    case erasureIncomplete

    /// Whether the change may count after a crash although it does not now.
    var leavesCommitOpen: Bool {
        if case .commitFailed = self { true } else { false }
    }

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .unavailable(let error): "the catalog cannot be used: \(error)"
        case .commitFailed(let error): "the catalog could not commit: \(error)"
        case .newerSchema(let found, let supported):
            "the catalog has schema version \(found), and this program knows versions up to \(supported)"
        case .damagedRecord(let table): "a record in the catalog's table \(table) is damaged"
        case .erasureIncomplete: "another process reads the catalog and keeps deleted records in its log"
        }
    }
}
