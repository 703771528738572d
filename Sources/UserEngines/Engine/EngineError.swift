/// Why an engine did not do what was asked, beside what SQLite itself says.
public enum EngineError: Error, Equatable, Sendable {
    /// The server stops and opens nothing any more.
    case shuttingDown
    /// The user's database cannot be opened or closed now; an operator finds the cause in the log.
    case unavailable
    /// Requests use the database, and did not end in time for what needs its files alone.
    case inUse
    /// The descriptors that databases may hold are spent, and none came free in time.
    case descriptorBudget
    /// The statement left a transaction open; it was rolled back.
    case transactionLeftOpen
    /// A statement of an atomic batch would have ended the batch's own transaction.
    case transactionControlInBatch
}

/// Which statement of a batch failed, and why.
public struct StatementFailure: Error {
    /// Its position, from 0.
    public let index: Int
    /// What it failed with.
    public let cause: any Error

    /// Says which statement it was.
    public init(index: Int, cause: any Error) {
        self.index = index
        self.cause = cause
    }
}
