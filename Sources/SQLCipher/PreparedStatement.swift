import CSQLCipher

/// A compiled statement with what is known about it. It is its connection's, and used by one at a time.
final class PreparedStatement {
    enum Progress {
        case ready, running, done
    }

    let handle: OpaquePointer
    let facts: StatementFacts
    /// Nil if it is not to be cached.
    let key: StatementKey?
    var progress = Progress.ready
    var history = RunHistory()
    /// Kept from an earlier use.
    var columns: EncodedColumns?

    init(handle: OpaquePointer, facts: StatementFacts, key: StatementKey?) {
        self.handle = handle
        self.facts = facts
        self.key = key
    }
}

/// What a statement's user has made of its columns.
struct EncodedColumns {
    let bytes: [UInt8]
    /// How often SQLite had compiled the statement anew then: after another time the columns may be others.
    let recompilations: Int32
}
