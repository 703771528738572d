import CSQLCipher

/// How far a checkpoint goes. See https://www.sqlite.org/c3ref/wal_checkpoint_v2.html.
public enum CheckpointMode: Sendable {
    /// As far as readers and writers allow, never in their way.
    case passive
    /// Everything, and the WAL is cut to nothing; waits for readers and writers.
    case truncate
}

/// What a checkpoint found and did.
public struct CheckpointResult: Hashable, Sendable {
    /// Frames in the WAL.
    public let walFrames: Int
    /// Frames of those that are in the database file now.
    public let checkpointedFrames: Int
}

extension Connection {
    /// Moves frames of the WAL into the database file.
    ///
    /// - Parameter patience: how long ``CheckpointMode/truncate`` waits for readers and writers.
    /// - Throws: ``SQLiteCode/busy`` if it could not do everything that the mode asks for.
    public func checkpoint(
        _ mode: CheckpointMode, waitingUpTo patience: Duration = .zero
    ) throws(SQLiteError) -> CheckpointResult {
        let handle = try openHandle()
        finalizeDeferred()
        busyWait.timeout = patience
        defer { busyWait.timeout = configuration.busyTimeout }
        var walFrames: Int32 = 0
        var checkpointed: Int32 = 0
        let sqliteMode = mode == .passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE
        let result = sqlite3_wal_checkpoint_v2(handle, "main", sqliteMode, &walFrames, &checkpointed)
        guard result == SQLITE_OK else { throw error(result) }
        return CheckpointResult(walFrames: Int(walFrames), checkpointedFrames: Int(checkpointed))
    }
}
