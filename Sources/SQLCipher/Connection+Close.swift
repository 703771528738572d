import CSQLCipher

extension Connection {
    /// Closes the connection; the last one of a file checkpoints and removes the WAL. Closing twice is fine.
    ///
    /// A statement that was not finished is a defect of the connection's user: it is logged and ended.
    ///
    /// - Returns: the SQL of the statements that were not finished, without their arguments.
    /// - Throws: ``SQLiteCode/busy`` if something else still holds the connection, such as a backup. It stays open
    ///   then, and may be closed again.
    @discardableResult
    public func close() throws(SQLiteError) -> [String] {
        guard let handle else { return [] }
        let unfinished = lentSQL()
        if !unfinished.isEmpty {
            configuration.logger.error(
                "a connection is closed with unfinished statements",
                metadata: ["statements": .array(unfinished.map { .string(String($0.prefix(200))) })])
        }
        endLentStatements()
        for statement in compiled.removeAllIdle() + ownStatements.removeAll() { sqlite3_finalize(statement) }
        interruptible.withLock { $0 = nil }
        // An interruption that came before would stop the checkpoint, and the WAL would stay.
        clearLimit()
        // Not sqlite3_close_v2, which returns success and keeps the descriptors while a statement lives.
        let result = sqlite3_close(handle)
        guard result == SQLITE_OK else {
            let error = SQLiteError(result, on: handle)
            interruptible.withLock { $0 = InterruptibleHandle(pointer: handle) }
            configuration.logger.error(
                "a connection could not be closed", metadata: ["code": .string(error.extendedCode.name)])
            throw error
        }
        isHandleClosed.store(true, ordering: .relaxed)
        return unfinished
    }

    /// The SQL of the statements that are out, without those that were dropped and wait for their finalization.
    private func lentSQL() -> [String] {
        finalizeDeferred()
        return compiled.lent.compactMap { sqlite3_sql($0).map { String(cString: $0) } }
    }
}
