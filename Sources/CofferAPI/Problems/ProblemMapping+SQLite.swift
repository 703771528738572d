import HTTPServer
import JSON
import SQLCipher
import UserEngines

extension ProblemMapping {
    /// What SQLite reports. Its message may quote the client's own SQL, and never a value that was bound.
    static func sqlite(_ error: SQLiteError) -> Problem {
        var problem = classified(error)
        problem.members.append(JSONMember(name: "sqlite_code", value: .string(error.extendedCode.name)))
        if let offset = error.offset { problem.members.append(.sqlOffset(offset)) }
        return problem
    }

    /// What SQLite reports of the server's own SQL on a user's service database: of that the client learns what they
    /// can do something about.
    static func service(_ error: ServiceDatabaseError) -> Problem {
        switch error.cause.code {
        case .full, .outOfMemory, .interrupt: sqlite(error.cause)
        default: .engineUnavailable
        }
    }

    private static func classified(_ error: SQLiteError) -> Problem {
        switch error.code {
        case .constraint: Problem(.conflict, "constraint", title: "Constraint violated", detail: error.message)
        case .authorization: Problem(.forbidden, "not_authorized", title: "Not authorized", detail: error.message)
        // Its engine was closed under the statement. A client that went away does not read this.
        case .interrupt where error.interruption == .requested: .engineUnavailable
        case .interrupt where error.interruption == .oldSnapshot: oldSnapshot
        case .interrupt:
            Problem(.requestTimeout, "statement_timeout", detail: "The statement ran into its time limit.")
        case .full: full
        case .outOfMemory:
            Problem(
                .insufficientStorage, "statement_memory",
                detail: "The statement needs more memory than it may have.")
        case .notADatabase, .corrupt, .ioError, .cantOpen: .engineUnavailable
        case .error where error.isConnectionBroken: .engineUnavailable
        default: Problem(.badRequest, "sql_error", title: "SQL error", detail: error.message)
        }
    }

    /// It reads again what is there now if it is sent again.
    private static let oldSnapshot = Problem(
        .serviceUnavailable, "engine_unavailable",
        detail: "The statement was stopped: it read for so long that the database's log had reached its limit.",
        retryAfter: .seconds(1))

    /// SQLite has one code for its page limit and for a full disk.
    private static let full = Problem(
        .insufficientStorage, "database_full",
        detail: "The database has reached its size limit, or the disk is full.")
}
