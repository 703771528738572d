import Accounts
import UserEngines

extension Backups {
    /// Begins the backup that is due for a user whose engine has opened: it may be the only time for long that the key
    /// is there. Does not wait for anything.
    func userArrived(_ user: UserID) {
        _ = work.start(on: workers) { [self] in _ = await keepsOpen(user) }
    }

    /// Begins the backup that is due for a user whose engine is open, without waiting for its end.
    ///
    /// - Returns: whether the engine is to stay open for it; afterwards it is closed if nobody is active on it.
    public func keepsOpen(_ user: UserID) async -> Bool {
        if let running = runs.running(of: user) { return running.kind == .scheduled }
        do {
            guard let last = try await accounts.lastBackup(of: user),
                schedule.isDue(user, last: last, at: time.unixTime, time.now)
            else { return false }
        } catch {
            logger.warning("it is not known whether a backup is due", metadata: ["error": "\(error)"])
            return false
        }
        let run = BackupRun(of: user, kind: .scheduled, label: nil, created: time.unixTime)
        guard let running = begin(run, .ifOpen) else { return false }
        if running === run { closeAfter(run) }
        return running.kind == .scheduled
    }

    /// The engine was kept from closing, and whoever wanted to close it will not come again soon.
    private func closeAfter(_ run: BackupRun) {
        _ = work.start(on: workers) { [self] in
            do {
                _ = try await run.value()
            } catch BackupError.engineClosed {
            } catch {
                schedule.failed(run.user, at: time.now)
            }
            await engines.closeIfUnneeded(run.user, reason: .reaped)
        }
    }
}
