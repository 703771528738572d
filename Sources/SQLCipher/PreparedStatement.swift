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

    /// Ends its run, if there is one. The result repeats the last step's error. Only of a statement that writes and has
    /// been left at a row it is the commit's, and not to be lost: see ``Statement/runToEnd()``.
    func reset() {
        guard progress != .ready else { return }
        sqlite3_reset(handle)
        progress = .ready
    }

    /// Makes it ready for its next user.
    func clear() {
        reset()
        // A bound value would be kept in memory, up to the size limit.
        sqlite3_clear_bindings(handle)
        sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 1)
    }
}

/// What a statement's user has made of its columns.
struct EncodedColumns {
    let bytes: [UInt8]
    /// How often SQLite had compiled the statement anew then: after another time the columns may be others.
    let recompilations: Int32
}
