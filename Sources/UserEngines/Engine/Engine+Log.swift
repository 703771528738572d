import ConnectionPool
import SQLCipher

extension Engine {
    /// Empties the log if the commits so far have made it longer than it may be.
    ///
    /// Called while the writer is still leased, so that nothing is written meanwhile, and also when its work has
    /// failed: statements before the one that did may have been committed. What is not is rolled back. A reader that is
    /// in the way and does not end soon is cut, the oldest first: as long as it reads its old state of the database,
    /// the log can only grow.
    func boundLog(_ connection: Connection) {
        guard isLogTooLong else { return }
        // What was to be written is written: its deadline is none for the readers.
        connection.limit(until: nil)
        do {
            if connection.isInTransaction { try connection.execute("ROLLBACK") }
            while try !emptyLog(connection) {
                // A client that has gone ends the waiting at once, and is no reason to cut anybody: the next write goes
                // on.
                if Task.isCancelled { return }
                let isCut = readers.interruptOldest(.oldSnapshot) { $0.interrupt(.oldSnapshot) }
                guard isCut else { throw SQLiteError(.busy, message: "the log is in use") }
                logger.warning(
                    "a reader was cut: it kept the log from being emptied",
                    metadata: ["user": "\(user)", "log_bytes": "\(log.contentBytes)"])
            }
        } catch {
            checkpointFailed(error)
        }
    }

    /// Whether it is to be emptied now. A copy of the whole database reads its old state for some seconds, and would
    /// have to begin anew.
    var isLogTooLong: Bool {
        let limit = isCopying ? configuration.maximumDatabaseBytes : 0
        return log.contentBytes > max(configuration.maximumLogBytes, limit)
    }

    /// False if a reader is in the way.
    private func emptyLog(_ connection: Connection) throws(SQLiteError) -> Bool {
        do {
            _ = try connection.checkpoint(.truncate, waitingUpTo: configuration.logPatience)
            log.emptied()
            return true
        } catch {
            guard error.code == .busy else { throw error }
            return false
        }
    }

    func checkpointFailed(_ error: any Error) {
        metrics.checkpointFailed()
        logger.warning("a checkpoint did not finish", metadata: ["user": "\(user)", "error": "\(error)"])
    }
}

extension EvictionReason {
    /// What it read was so old that the log could not be emptied.
    static let oldSnapshot = EvictionReason(rawValue: "old_snapshot")
}
