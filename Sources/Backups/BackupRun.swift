import Accounts
import SQLCipher
import Synchronization
import Timekeeping
import UserEngines

/// A backup that is being made.
public final class BackupRun: Sendable {
    /// The name it will have.
    public let id = BackupID()
    /// Whose database.
    public let user: UserID
    /// Why it is made.
    public let kind: BackupRecord.Kind
    /// What the user calls it.
    public let label: String?
    /// When it was asked for.
    public let created: UnixTime

    private let pagesDone = Atomic(0)
    private let pagesTotal = Atomic(0)
    private let task = Mutex<Task<BackupRecord, any Error>?>(nil)

    init(of user: UserID, kind: BackupRecord.Kind, label: String?, created: UnixTime) {
        self.user = user
        self.kind = kind
        self.label = label
        self.created = created
    }

    /// How far it has come; 0 of 0 before its turn.
    public var progress: CopyProgress {
        CopyProgress(done: pagesDone.load(ordering: .relaxed), total: pagesTotal.load(ordering: .relaxed))
    }

    /// Waits for its end. Cancelling the task that waits does not cancel the backup: others may wait for it too.
    public func value() async throws -> BackupRecord {
        guard let task = task.withLock({ $0 }) else { throw BackupError.cancelled }
        return try await task.value
    }

    /// Makes it end soon and leave nothing behind. Without effect once its files have their names.
    public func cancel() {
        task.withLock { $0 }?.cancel()
    }

    func report(_ progress: CopyProgress) {
        pagesTotal.store(progress.total, ordering: .relaxed)
        pagesDone.store(progress.done, ordering: .relaxed)
    }

    func start(_ task: Task<BackupRecord, any Error>) {
        self.task.withLock { $0 = task }
    }
}

/// What became of a backup that is not on the disk.
public struct FailedBackup: Sendable {
    /// What it was.
    public let run: BackupRun
    /// Why there is none.
    public let error: any Error
}
