/// When a transaction takes the write lock. See https://www.sqlite.org/lang_transaction.html.
public enum TransactionMode: String, Sendable {
    /// At the first write, which may then fail with `SQLITE_BUSY_SNAPSHOT`.
    case deferred = "BEGIN DEFERRED"
    /// At once.
    case immediate = "BEGIN IMMEDIATE"
}

extension Connection {
    /// Runs `body` in a transaction, which is committed when it returns and rolled back when it throws.
    ///
    /// Some errors make SQLite roll back by itself; then there is nothing left to do.
    public func transaction<Result>(
        _ mode: TransactionMode = .immediate, _ body: () throws -> Result
    ) throws -> Result {
        try execute(mode.rawValue)
        do {
            let result = try body()
            try execute("COMMIT")
            return result
        } catch {
            // The first error is the one to tell; a transaction that stays open is found by the reset.
            if isInTransaction { try? execute("ROLLBACK") }
            throw error
        }
    }
}
