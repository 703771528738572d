import SQLCipher
import Timekeeping

extension Engine {
    /// What a statement that is expected to be quick may take, before it is begun anew on a worker.
    private static let quickLimit = Duration.microseconds(500)

    /// Runs a statement that has been quick so far, for as long as it is; `nil` if it is to be run on a worker.
    ///
    /// Only a statement that has been run on a reader has a history, so it writes nothing, and can be begun anew.
    func runIfQuick<Result>(
        _ sql: String, _ arguments: Arguments, _ timeout: Duration, on connection: Connection,
        _ read: (Statement, Connection) throws -> Result
    ) throws -> Result? {
        guard let statement = connection.cachedStatement(sql) else { return nil }
        defer { statement.finish() }
        guard statement.history.isQuick, !statement.facts.contains(.callsUnboundedFunction) else { return nil }
        let start = SystemTime().now
        connection.limit(until: start.advanced(by: min(Self.quickLimit, timeout)))
        try statement.bind(arguments)
        do {
            let result = try read(statement, connection)
            let duration = start.duration(to: SystemTime().now)
            statement.history.record(duration)
            metrics.statementEnded(on: .reader, after: duration)
            return result
        } catch let error as SQLiteError where error.interruption == .deadline {
            statement.history.record(Self.quickLimit)
            return nil
        }
    }
}
