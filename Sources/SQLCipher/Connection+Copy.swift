import CSQLCipher

/// How far a copy has come, in pages of the source.
public struct CopyProgress: Hashable, Sendable {
    /// Pages that are in the target.
    public let done: Int
    /// Pages of the whole.
    public let total: Int

    /// Makes a progress.
    public init(done: Int, total: Int) {
        self.done = done
        self.total = total
    }
}

extension Connection {
    /// Copies the whole database, as it is when this begins, over whatever `target` holds. Each side keeps its own key.
    ///
    /// Others may read and write the source meanwhile. A transaction held on it keeps the moment: without one, every
    /// write by another connection would make SQLite begin again, for ever under constant writes. It keeps the log from
    /// being emptied too, so the caller looks at the disk. https://www.sqlite.org/c3ref/backup_finish.html
    ///
    /// Both connections stay open and the caller's to close. If this throws, the target is worth nothing.
    ///
    /// - Parameters:
    ///   - pagesAtOnce: pages of one step, during which the thread is blocked: 64 are 256 KiB, and take some two
    ///     milliseconds.
    ///   - progress: called after each step; the moment to let others have the thread.
    /// - Throws: ``SQLiteError``, with ``SQLiteCode/interrupt`` soon after ``interrupt()``; what `progress` throws.
    public nonisolated(nonsending) func copy(
        to target: Connection, pagesAtOnce: Int32 = 64,
        progress: nonisolated(nonsending) (CopyProgress) async throws -> Void
    ) async throws {
        try execute("BEGIN")
        defer { if isInTransaction { try? execute("ROLLBACK") } }
        // The transaction has its moment from the first read on.
        _ = try ownText("SELECT count(*) FROM sqlite_schema")
        let copy = try target.beginCopy(from: self)
        // Finishing closes neither of the connections. An error that it would return has been thrown by the step.
        defer { sqlite3_backup_finish(copy) }
        while true {
            try limit.check()
            try target.limit.check()
            let result = sqlite3_backup_step(copy, pagesAtOnce)
            guard result == SQLITE_OK || result == SQLITE_DONE else { throw SQLiteError(result, on: nil) }
            let total = Int(sqlite3_backup_pagecount(copy))
            try await progress(CopyProgress(done: total - Int(sqlite3_backup_remaining(copy)), total: total))
            if result == SQLITE_DONE { return }
        }
    }

    private func beginCopy(from source: Connection) throws(SQLiteError) -> OpaquePointer {
        let (from, into) = (try source.openHandle(), try openHandle())
        guard let copy = sqlite3_backup_init(into, "main", from, "main") else {
            throw SQLiteError(sqlite3_extended_errcode(into), on: into)
        }
        return copy
    }
}
