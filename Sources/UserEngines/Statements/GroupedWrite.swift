import SQLCipher
import Synchronization

/// A statement that waits for the writer and may share a transaction with those who wait beside it.
protocol GroupedWrite: AnyObject, Sendable {
    var sql: any StatementText { get }
    var arguments: Arguments { get }
    /// How long it may run.
    var timeout: Duration { get }
    /// Bytes of its text and its arguments.
    var byteCount: Int { get }
    /// False once it has to run alone.
    var mayJoin: Bool { get }

    /// Makes it run alone.
    func stayAlone()

    /// Runs the statement with the arguments that it has, and keeps what comes of it until it is run again.
    func run(_ statement: borrowing Statement, on connection: Connection) throws

    /// Keeps an error as what came of it.
    func fail(_ error: any Error)
}

/// The statement of one request, with the type of its result.
final class PendingWrite<Outcome: Sendable>: GroupedWrite {
    let sql: any StatementText
    let arguments: Arguments
    let timeout: Duration
    let byteCount: Int
    private let read: @Sendable (borrowing Statement, Connection) throws -> Outcome
    private let isAlone = Atomic(false)
    private let outcome = Mutex<Result<Outcome, any Error>?>(nil)

    init(
        _ sql: some StatementText, _ arguments: Arguments, timeout: Duration,
        _ read: @escaping @Sendable (borrowing Statement, Connection) throws -> Outcome
    ) {
        self.sql = sql
        self.arguments = arguments
        self.timeout = timeout
        self.read = read
        byteCount = sql.withUTF8Bytes(\.count) + arguments.byteCount
    }

    var mayJoin: Bool { !isAlone.load(ordering: .relaxed) }

    func stayAlone() {
        isAlone.store(true, ordering: .relaxed)
    }

    func run(_ statement: borrowing Statement, on connection: Connection) throws {
        let result = try read(statement, connection)
        outcome.withLock { $0 = .success(result) }
    }

    func fail(_ error: any Error) {
        outcome.withLock { $0 = .failure(error) }
    }

    /// What came of it, once a group has ended that it was in.
    func result() throws -> Outcome {
        guard let outcome = outcome.withLock({ $0 }) else { preconditionFailure("a write ended without a result") }
        return try outcome.get()
    }
}

extension Arguments {
    /// Bytes of all values, each with some for itself.
    fileprivate var byteCount: Int {
        switch self {
        case .positional(let values): values.reduce(0) { $0 + $1.byteCount }
        case .named(let values): values.reduce(0) { $0 + $1.name.utf8.count + $1.value.byteCount }
        }
    }
}

extension Value {
    fileprivate var byteCount: Int {
        switch self {
        case .null, .integer, .real: 8
        case .text(let text): 8 + text.utf8.count
        case .textBytes(let bytes), .blob(let bytes): 8 + bytes.count
        }
    }
}
