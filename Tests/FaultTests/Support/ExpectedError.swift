import Accounts
import ConnectionPool
import Glibc
import SQLCipher
import UserEngines

/// What the layers say when SQLite fails below them.
enum ExpectedError {
    /// Codes that a machine's failure never has: they would tell of a wrong call, or blame the user's SQL or data.
    private static let foreign: [SQLiteCode] = [
        .misuse, .internalError, .range, .constraint, .mismatch, .schema, .authorization, .tooBig, .interrupt,
    ]

    static func contains(_ error: any Error) -> Bool {
        switch error {
        case let error as SQLiteError where error.code == .error: error.isConnectionBroken
        case let error as SQLiteError: !foreign.contains(error.code)
        case PoolError.openFailed(let cause): contains(cause)
        case CatalogError.unavailable(let cause), CatalogError.commitFailed(let cause): contains(cause)
        case let error as ServiceDatabaseError: contains(error.cause)
        case EngineError.unavailable: true
        case DataDirectoryError.unusable(_, let code): code == EIO
        default: false
        }
    }
}
