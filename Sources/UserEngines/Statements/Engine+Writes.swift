import ConnectionPool
import SQLCipher
import Timekeeping

extension Engine {
    /// Runs one statement on the writer: in a transaction of its own or, if it changes rows and others of that kind
    /// wait for the writer too, in one together with them.
    func runOnWriter<Result: Sendable>(
        _ sql: some StatementText, _ arguments: Arguments, _ timeout: Duration,
        _ read: @escaping @Sendable (borrowing Statement, Connection) throws -> Result
    ) async throws -> Result {
        guard StatementRoute.changesRows(sql) else {
            return try await writer.withConnection { try runAlone(sql, arguments, timeout, on: $0, read) }
        }
        let write = PendingWrite(sql, arguments, timeout: timeout, read)
        var members: [WriteGroup.Member] = []
        // The next holder may begin while those who shared this commit are answered.
        defer { writer.end(members) }
        do {
            let result = try await writer.withConnection(leaving: write) { connection -> Result? in
                if let committed = try runGroup(ledBy: write, on: connection) {
                    members = committed
                    return nil
                }
                return try runAlone(sql, arguments, timeout, on: connection, read)
            }
            if let result, let result { return result }
            return try write.result()
        } catch is BrokenWriteGroup {
            return try await writer.withConnection { try runAlone(sql, arguments, timeout, on: $0, read) }
        }
    }

    private func runAlone<Result>(
        _ sql: some StatementText, _ arguments: Arguments, _ timeout: Duration, on connection: Connection,
        _ read: (borrowing Statement, Connection) throws -> Result
    ) throws -> Result {
        connection.limit(until: SystemTime().now.advanced(by: timeout))
        defer { boundLog(connection) }
        let result = try timed(.writer) {
            try StatementRunner(connection, isAtomic: false).run(sql, arguments, read)
        }
        guard !connection.isInTransaction else { throw EngineError.transactionLeftOpen }
        return result
    }

    /// Runs a statement, and then those who wait behind it, in one transaction.
    ///
    /// - Returns: who is to be answered for what has been committed; nil if the statement is still to be run, and
    ///   nothing of it has been done.
    /// - Throws: what the statement failed with; ``BrokenWriteGroup`` if it is still to be run, on another connection.
    private func runGroup(
        ledBy first: any GroupedWrite, on connection: Connection
    ) throws -> [WriteGroup.Member]? {
        var group = WriteGroup(of: self, on: connection)
        guard first.mayJoin, writer.isErrandNext(where: { group.admits($0, beside: first) }) else { return nil }
        defer { boundLog(connection) }
        guard try group.begin(with: first), try group.join() else { return nil }
        guard let members = try group.commit() else { return nil }
        guard isLogTooLong else { return members }
        // To empty the log may take as long as its readers are given: nobody who has been served waits for that.
        writer.end(members)
        return []
    }
}
