import Accounts
import Synchronization
import UserEngines

/// The backups that are being made, at most one of each user, and how each user's last one failed.
final class BackupRuns: Sendable {
    private struct State {
        var running: [UserID: BackupRun] = [:]
        var failed: [UserID: FailedBackup] = [:]
        var isShutDown = false
    }

    /// Taken before the lock of a keyed lock table, and after none.
    private let state = Mutex(State())

    func running(of user: UserID) -> BackupRun? { state.withLock { $0.running[user] } }

    func failed(of user: UserID) -> FailedBackup? { state.withLock { $0.failed[user] } }

    /// Counts `run` as running and starts it, unless one of the user runs already, or `mayStart` says no.
    ///
    /// - Returns: the one that runs; `nil` if none may.
    func begin(_ run: BackupRun, ifAllowed mayStart: () -> Bool, start: () -> Void) -> BackupRun? {
        state.withLock { state in
            if let running = state.running[run.user] { return running }
            guard !state.isShutDown, mayStart() else { return nil }
            state.running[run.user] = run
            start()
            return run
        }
    }

    func end(_ run: BackupRun, _ error: (any Error)?) {
        state.withLock { state in
            state.running[run.user] = nil
            state.failed[run.user] = error.map { FailedBackup(run: run, error: $0) }
        }
    }

    /// Forgets what became of a user's last backup.
    func forget(_ user: UserID) {
        state.withLock { $0.failed[user] = nil }
    }

    /// Lets none begin any more; those that run.
    func shutDown() -> [BackupRun] {
        state.withLock { state in
            state.isShutDown = true
            return Array(state.running.values)
        }
    }
}
