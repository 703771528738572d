import SQLCipher
import Timekeeping

extension Engine {
    /// What a statement that is expected to be quick may take, before it is begun anew on a worker.
    private static let quickLimit = Duration.microseconds(500)

    /// The largest value of a quick statement. A larger one takes many pages, and is read within one instruction.
    private static let quickValueBytes = 16 << 10

    /// Runs a statement that has been quick so far on this thread, for as long as it is; `nil` if it is to be run on a
    /// worker. So is one that fails, for it may be time, or the size of a value, that it lacked; not on a broken
    /// connection, though. Never waits, never opens a connection.
    ///
    /// Only a statement that has been run on a reader has a history, so it writes nothing, and can be begun anew.
    ///
    /// - Throws: `SQLiteError` for a broken connection, ``EngineError``, what `read` throws.
    public func runIfQuick<Result>(
        _ sql: some StatementText, _ arguments: Arguments, timeout: Duration,
        _ read: (borrowing Statement, Connection) throws -> Result
    ) throws -> Result? {
        try sql.withUTF8Bytes { sql in
            guard StatementRoute(utf8: sql) == .reader else { return nil }
            return try readers.withIdleConnection { connection in
                connection.prefetch()
                return try runIfQuick(sql, arguments, timeout, on: connection, read)
            } ?? nil
        }
    }

    private func runIfQuick<Result>(
        _ sql: UnsafeBufferPointer<UInt8>, _ arguments: Arguments, _ timeout: Duration,
        on connection: Connection,
        _ read: (borrowing Statement, Connection) throws -> Result
    ) throws -> Result? {
        let start = SystemTime().now
        guard !quickBrake.isOn(at: start), let statement = connection.cachedStatement(utf8: sql) else { return nil }
        defer { statement.finish() }
        guard statement.history.isQuick, !statement.facts.contains(.callsUnboundedFunction) else { return nil }
        let clock = RunClock(start: start, measuresUsage: quickBrake.isInDoubt(at: start))
        connection.limit(until: start.advanced(by: min(Self.quickLimit, timeout)))
        do {
            let result = try connection.inHaste(valueBytes: Self.quickValueBytes) {
                try statement.bind(arguments)
                return try read(statement, connection)
            }
            let time = clock.read()
            quickBrake.record(time)
            statement.history.record(time)
            metrics.statementEnded(on: .reader, after: time.elapsed)
            return result
        } catch {
            let time = clock.read()
            quickBrake.record(time)
            guard let error = error as? SQLiteError, !error.isConnectionBroken else { throw error }
            // Stopped by the clock while another thread had the processor, it is as quick as it was.
            if error.interruption == .deadline {
                statement.history.record(time)
            } else {
                statement.history.record(Self.quickLimit)
            }
            return nil
        }
    }
}
