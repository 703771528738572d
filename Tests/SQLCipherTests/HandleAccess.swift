import CSQLCipher

@testable import SQLCipher

extension Connection {
    /// The number of compiled statements that SQLite counts on the handle.
    var statementCount: Int {
        var count = 0
        var statement = sqlite3_next_stmt(handle, nil)
        while let next = statement {
            count += 1
            statement = sqlite3_next_stmt(handle, next)
        }
        return count
    }

    /// Whether an interruption would still touch the handle.
    var isReachableForInterruption: Bool { interruptible.withLock { $0 != nil } }

    func withHandles<Result>(_ other: Connection, _ body: (OpaquePointer, OpaquePointer) throws -> Result) throws
        -> Result
    {
        try body(try openHandle(), try other.openHandle())
    }
}
