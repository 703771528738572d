import Accounts
import Timekeeping

/// Which backups go when a new one is safe: a pure function of what there is.
struct RetentionPolicy: Sendable {
    /// Backups kept, without those that have a label and those that a restore made.
    var keep: Int
    /// The age at which a backup goes; one with a label never does.
    var maximumAge: Duration

    /// The backups that go. The latest of those that count stays, however old.
    func expired(_ backups: [BackupRecord], at now: UnixTime) -> [BackupRecord] {
        var counted = 0
        return backups.sorted { $0.created > $1.created }.filter { backup in
            guard backup.label == nil else { return false }
            let isOld = backup.created.duration(to: now) > maximumAge
            guard backup.kind != .safety else { return isOld }
            counted += 1
            return counted > max(1, keep) || (isOld && counted > 1)
        }
    }
}
