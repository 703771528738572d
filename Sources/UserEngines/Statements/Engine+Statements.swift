import ConnectionPool
import SQLCipher
import Timekeeping

extension Engine {
    /// Runs one statement and rolls back what it leaves open.
    ///
    /// What only reads goes to a reader, everything else to the writer.
    ///
    /// - Parameters:
    ///   - timeout: how long it may run; waiting for a connection is not counted.
    ///   - read: steps the statement; once more from the beginning if a transaction was rolled back that the statement
    ///     shared with others. Not always on the caller's own thread.
    /// - Throws: `PoolError`, `StatementError`, `ArgumentError`, `SQLiteError`, ``EngineError``.
    public func run<Result: Sendable>(
        _ sql: some StatementText, _ arguments: Arguments, timeout: Duration,
        _ read: @escaping @Sendable (borrowing Statement, Connection) throws -> Result
    ) async throws -> Result {
        if StatementRoute(sql) == .reader, let result = try await runOnReader(sql, arguments, timeout, read) {
            return result
        }
        return try await runOnWriter(sql, arguments, timeout, read)
    }

    /// Runs several statements on the writer; when `body` throws, everything since the beginning is rolled back.
    ///
    /// - Parameters:
    ///   - atomic: one transaction around all of them; otherwise each stands alone, unless they make transactions.
    ///   - timeout: for all of them together.
    public func runBatch<Result: Sendable>(
        atomic: Bool, timeout: Duration, _ body: @Sendable (StatementRunner) throws -> Result
    ) async throws -> Result {
        try await writer.withConnection { connection in
            connection.limit(until: SystemTime().now.advanced(by: timeout))
            defer { boundLog(connection) }
            if atomic { try connection.execute("BEGIN") }
            let result = try timed(.writer) { try body(StatementRunner(connection, isAtomic: atomic)) }
            if atomic { try connection.execute("COMMIT") }
            guard !connection.isInTransaction else { throw EngineError.transactionLeftOpen }
            return result
        }
    }

    /// The result, or `nil` if the statement belongs on the writer: because it writes, or because there is no
    /// descriptor to spare for a reader.
    private func runOnReader<Result: Sendable>(
        _ sql: some StatementText, _ arguments: Arguments, _ timeout: Duration,
        _ read: @Sendable (borrowing Statement, Connection) throws -> Result
    ) async throws -> Result? {
        do {
            return try await readers.withConnection { connection -> Result? in
                connection.limit(until: SystemTime().now.advanced(by: timeout))
                let statement = try connection.statement(sql)
                defer { statement.finish() }
                guard statement.isReadOnly || statement.isExplain else { return nil }
                try statement.bind(arguments)
                let clock = RunClock()
                defer {
                    let time = clock.read()
                    statement.history.record(time)
                    metrics.statementEnded(on: .reader, after: time.elapsed)
                }
                return try read(statement, connection)
            }
        } catch PoolError.openFailed(is GrowthRefused) {
            return nil
        }
    }

    func timed<Result>(_ role: PoolRole, _ work: () throws -> Result) rethrows -> Result {
        let start = SystemTime().now
        defer { metrics.statementEnded(on: role, after: start.duration(to: SystemTime().now)) }
        return try work()
    }
}

/// Runs statements one after the other on one leased connection.
public struct StatementRunner {
    private let connection: Connection
    private let isAtomic: Bool

    init(_ connection: Connection, isAtomic: Bool) {
        self.connection = connection
        self.isAtomic = isAtomic
    }

    /// Runs one statement to where `read` stops, or to its end if it writes: nobody else would learn whether it counts.
    public func run<Result>(
        _ sql: some StatementText, _ arguments: Arguments, _ read: (borrowing Statement, Connection) throws -> Result
    ) throws -> Result {
        let statement = try connection.statement(sql)
        defer { statement.finish() }
        // COMMIT and ROLLBACK would end the batch's own transaction, and with it the promise that all or nothing
        // counts.
        if isAtomic && statement.facts.contains(.transactionControl) { throw EngineError.transactionControlInBatch }
        try statement.bind(arguments)
        let result = try read(statement, connection)
        if !statement.isReadOnly { try statement.runToEnd() }
        return result
    }
}
