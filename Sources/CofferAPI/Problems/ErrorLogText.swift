import Accounts
import Backups
import ConnectionPool
import Glibc
import SQLCipher
import UserEngines

/// What the log says of an error whose client was only told that the server failed.
///
/// Codes, counts and paths; never SQL, an argument or a secret. Of an error that is not known here, nothing.
enum ErrorLogText {
    static func text(of error: any Error) -> String? {
        switch error {
        case let error as SQLiteError: error.extendedCode.name
        case let error as ServiceDatabaseError: "the service database: \(error.cause.extendedCode.name)"
        case let error as SchemaError: error.description
        case let error as PoolError: pool(error)
        case let error as StatementFailure: "statement \(error.index): \(textOrType(of: error.cause))"
        case let error as EngineError: engine(error)
        case let error as DataDirectoryError: error.description
        case let error as CatalogError: error.description
        case let error as BackupError: error.description
        case let error as DownloadError: "a file cannot be read: \(String(cString: strerror(error.errno)))"
        default: nil
        }
    }

    /// The pool's own description would quote its cause, which may be any error.
    private static func pool(_ error: PoolError) -> String {
        switch error {
        case .timeout(let occupancy, let cause):
            "\(error.code) (\(occupancy))" + (cause.map { "; last open: \(textOrType(of: $0))" } ?? "")
        case .queueFull(let occupancy): "\(error.code) (\(occupancy))"
        case .openFailed(let cause): "\(error.code): \(textOrType(of: cause))"
        case .closed, .cancelled, .leaseAlreadyReleased, .foreignLease: error.code
        }
    }

    private static func engine(_ error: EngineError) -> String {
        switch error {
        case .shuttingDown: "shutting_down"
        case .unavailable: "engine_unavailable"
        case .inUse: "in_use"
        case .descriptorBudget: "descriptor_budget"
        case .transactionLeftOpen: "transaction_left_open"
        case .transactionControlInBatch: "transaction_control_in_batch"
        }
    }

    private static func textOrType(of error: any Error) -> String {
        text(of: error) ?? "\(type(of: error))"
    }
}
