import ConnectionPool
import SQLCipher
import Timekeeping

extension Engine {
    /// Runs a statement that only reads in turns, between which `body` may wait, for whoever takes the rows.
    ///
    /// The reader is kept meanwhile, and with it the state of the database that it sees: `body` bounds its waits.
    ///
    /// - Parameter timeout: how long the statement may run; waiting is not counted.
    /// - Returns: what `body` returns, or `nil` for a statement that belongs on the writer: nothing has been done then.
    /// - Throws: as ``run(_:_:timeout:_:)``; what `body` throws.
    public func runInTurns<Result>(
        _ sql: some StatementText, _ arguments: Arguments, timeout: Duration,
        _ body: nonisolated(nonsending) (StatementTurns) async throws -> Result
    ) async throws -> Result? {
        guard StatementRoute(sql) == .reader else { return nil }
        do {
            return try await readers.withConnection { connection -> Result? in
                connection.limit(until: SystemTime().now.advanced(by: timeout))
                let turns = StatementTurns(try connection.statement(sql), timeout: timeout)
                defer { turns.statement.finish() }
                guard turns.statement.isReadOnly || turns.statement.isExplain else { return nil }
                try turns.statement.bind(arguments)
                defer {
                    connection.onInterruption(nil)
                    turns.statement.history.record(turns.used)
                    metrics.statementEnded(on: .reader, after: turns.used)
                }
                return try await body(turns)
            }
        } catch PoolError.openFailed(is GrowthRefused) {
            throw EngineError.descriptorBudget
        }
    }
}

/// A statement that is run in turns. Its use is its connection's: one task's at a time.
public final class StatementTurns {
    fileprivate let statement: Statement
    private let timeout: Duration
    /// The time of all turns so far.
    fileprivate private(set) var used = Duration.zero

    fileprivate init(_ statement: consuming Statement, timeout: Duration) {
        self.statement = statement
        self.timeout = timeout
    }

    /// Has `wake` called when the connection is interrupted while `body` waits: the next turn fails then, and ends the
    /// use.
    public func onInterruption(_ wake: @escaping @Sendable () -> Void) {
        statement.connection.onInterruption(wake)
    }

    /// Runs the statement for a while, within the time that it still has.
    public func take<Result>(_ work: (borrowing Statement, Connection) throws -> Result) throws -> Result {
        let start = SystemTime().now
        statement.connection.limit(until: start.advanced(by: timeout - used))
        defer { used += start.duration(to: SystemTime().now) }
        return try work(statement, statement.connection)
    }
}
