import CSQLCipher

/// Tells after each commit how long the write-ahead log is, without asking the file system.
///
/// SQLite has one such hook for each connection, and its automatic checkpoint is one: so this one does that too.
/// See https://www.sqlite.org/c3ref/wal_hook.html and https://www.sqlite.org/c3ref/wal_autocheckpoint.html.
final class CommitHook {
    /// SQLite's own default.
    fileprivate static let framesToCheckpoint: Int32 = 1000
    /// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
    private static let logHeaderBytes: Int64 = 32
    private static let frameHeaderBytes: Int64 = 24

    private let frameBytes: Int64
    private let committed: @Sendable (_ logBytes: Int64) -> Void

    init(pageSize: Int, _ committed: @escaping @Sendable (_ logBytes: Int64) -> Void) {
        frameBytes = Self.frameHeaderBytes + Int64(pageSize)
        self.committed = committed
    }

    /// Installs the hook. The object must outlive the handle.
    func install(on handle: OpaquePointer) {
        sqlite3_wal_hook(handle, afterCommit, Unmanaged.passUnretained(self).toOpaque())
    }

    fileprivate func didCommit(frames: Int32) {
        committed(Self.logHeaderBytes + frameBytes * Int64(frames))
    }
}

private func afterCommit(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _ database: UnsafePointer<CChar>?, _ frames: Int32
) -> Int32 {
    // As far as readers allow; what fails is tried again after the next commit.
    if frames >= CommitHook.framesToCheckpoint { sqlite3_wal_checkpoint(handle, database) }
    Unmanaged<CommitHook>.fromOpaque(context!).takeUnretainedValue().didCommit(frames: frames)
    return SQLITE_OK
}
