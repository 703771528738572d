import Accounts
import Backups
import ConnectionPool
import Glibc
import HTTPServer
import JSON
import Research
import SQLCipher
import UserEngines

/// Turns what the modules below throw into what a client is told.
///
/// Each family of errors has one function. What nobody knows becomes 500 `internal`, of which the client learns nothing
/// and the log its type.
enum ProblemMapping {
    static func problem(for error: any Error) -> Problem {
        switch error {
        case let problem as Problem: problem
        case let error as AccountError: account(error)
        case CatalogError.unavailable, CatalogError.commitFailed: .accountsUnavailable
        case let error as ResearchError: research(error)
        case let error as JSONError: .malformedJSON(error)
        case let error as StatementFailure: statement(error)
        case let error as StatementError: text(error)
        case let error as ArgumentError: argument(error)
        case let error as SQLiteError: sqlite(error)
        case let error as ServiceDatabaseError: service(error)
        case let error as EngineError: engine(error)
        case let error as PoolError: pool(error)
        case let error as BackupError: backup(error)
        case let error as DamagedCopy: backup(.invalidDatabase(error.problems))
        case DataDirectoryError.unusable(_, ENOSPC), DataDirectoryError.unusable(_, EDQUOT): .diskFull
        default: .internalError
        }
    }

    private static func statement(_ failure: StatementFailure) -> Problem {
        var problem = problem(for: failure.cause)
        problem.members.append(JSONMember(name: "statement_index", value: .integer(Int64(failure.index))))
        return problem
    }

    private static func account(_ error: AccountError) -> Problem {
        let status: HTTPStatus =
            switch error.code {
            case .invalidCredentials, .invalidToken: .unauthorized
            case .accountDisabled, .registrationClosed: .forbidden
            case .notFound: .notFound
            case .usernameTaken: .conflict
            case .invalidUsername, .weakPassword: .unprocessableContent
            case .tooManyAttempts, .rateLimited, .researchLimit: .tooManyRequests
            case .passwordQueueFull: .serviceUnavailable
            }
        var problem = Problem(status, error.code.rawValue, detail: error.reason, retryAfter: error.retryAfter)
        if status == .unauthorized { problem.headers["WWW-Authenticate"] = "Bearer" }
        return problem
    }

    private static func research(_ error: ResearchError) -> Problem {
        switch error {
        case .notFound: .notFound("There is no such research.")
        case .notAuthorized(let reason): Problem(.forbidden, "not_authorized", title: "Not authorized", detail: reason)
        case .ended(let state):
            Problem(.conflict, "research_ended", title: "Research ended", detail: "The research is \(state.rawValue).")
        case .active:
            Problem(.conflict, "research_active", title: "Research active", detail: "A research is running.")
        case .invalidField(let field, let reason): .invalidField(field, reason)
        }
    }

    private static func text(_ error: StatementError) -> Problem {
        switch error {
        case .empty:
            Problem(.badRequest, "no_statement", title: "No statement", detail: "The text holds no SQL statement.")
        case .multiple(let offset):
            Problem(
                .badRequest, "multiple_statements", title: "Multiple statements",
                detail: "One statement is taken here; several go to /v1/query/batch.",
                members: [.sqlOffset(offset)])
        case .nulCharacter(let offset):
            Problem(
                .badRequest, "sql_error", title: "SQL error",
                detail: "The text holds the character U+0000; pass such values as arguments.",
                members: [.sqlOffset(offset)])
        }
    }

    private static func argument(_ error: ArgumentError) -> Problem {
        switch error {
        case .tooMany(let expected, let given):
            .invalidArgument("the statement has \(expected) parameters, and \(given) arguments were given")
        case .tooFew(let expected, let given):
            .invalidArgument("the statement has \(expected) parameters, and \(given) arguments were given")
        case .unknownName(let name): .invalidArgument("the statement has no parameter '\(name)'")
        case .duplicateName(let name): .invalidArgument("the argument '\(name)' is given twice")
        case .missing(let name): .invalidArgument("no argument is given for the parameter '\(name)'")
        }
    }

    private static func engine(_ error: EngineError) -> Problem {
        switch error {
        case .shuttingDown: .draining
        case .unavailable: .engineUnavailable
        case .inUse:
            Problem(
                .serviceUnavailable, "engine_unavailable",
                detail: "Requests that use the database did not end in time.", retryAfter: .seconds(5))
        case .descriptorBudget: .descriptorBudget
        case .transactionLeftOpen:
            Problem(
                .badRequest, "transaction_left_open", title: "Transaction left open",
                detail: "The statement left a transaction open; it was rolled back.")
        case .transactionControlInBatch:
            Problem(
                .forbidden, "not_authorized", title: "Not authorized",
                detail: "The statements of an atomic batch cannot begin or end transactions.")
        }
    }

    private static func pool(_ error: PoolError) -> Problem {
        switch error {
        case .timeout:
            Problem(
                .serviceUnavailable, "pool_timeout", detail: "No database connection became free in time.",
                retryAfter: .seconds(1))
        case .queueFull:
            Problem(
                .serviceUnavailable, "pool_queue_full", detail: "Too many requests wait for a database connection.",
                retryAfter: .seconds(1))
        case .openFailed(let cause as EngineError): engine(cause)
        case .openFailed(is GrowthRefused): .descriptorBudget
        case .closed, .cancelled, .openFailed, .leaseAlreadyReleased, .foreignLease: .engineUnavailable
        }
    }
}

extension Problem {
    /// 503: the user's database cannot be opened now; an operator finds the cause in the log.
    static let engineUnavailable = Problem(
        .serviceUnavailable, "engine_unavailable", detail: "The database is not available now.",
        retryAfter: .seconds(5))

    /// 503: the catalog cannot be read or written now; an operator finds the cause in the log.
    static let accountsUnavailable = Problem(
        .serviceUnavailable, "engine_unavailable", detail: "The accounts are not available now.",
        retryAfter: .seconds(5))

    /// 503: as many databases are open as the server has descriptors for, and all of them are in use.
    static let descriptorBudget = Problem(
        .serviceUnavailable, "descriptor_budget", detail: "Too many databases are in use at the moment.",
        retryAfter: .seconds(1))
}
