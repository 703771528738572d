import ConnectionPool
import SQLCipher
import Timekeeping

extension Engine {
    /// Runs `body` on the connection of the user's service database, which only the server's own SQL ever sees.
    ///
    /// It is opened, made and brought up to date if need be. There is one connection, so what `body` does, nobody else
    /// gets in between. `body` leases no other connection.
    ///
    /// - Parameter timeout: how long the statements may run; waiting for the connection is not counted.
    /// - Throws: `PoolError`, ``ServiceDatabaseError`` for what SQLite says; what `body` throws.
    public func withService<Result: Sendable>(
        timeout: Duration, _ body: @Sendable (Connection) throws -> Result
    ) async throws -> Result {
        do {
            return try await service.withConnection { connection in
                connection.limit(until: SystemTime().now.advanced(by: timeout))
                return try timed(.service) { try body(connection) }
            }
        } catch let error as SQLiteError {
            throw ServiceDatabaseError(cause: error)
        }
    }
}

/// SQLite failed on a user's service database. It is the server's failure, never one of a user's own SQL.
public struct ServiceDatabaseError: Error, Equatable, Sendable {
    /// What SQLite says.
    public let cause: SQLiteError
}
