import Synchronization
import Timekeeping
import UserEngines

/// When a user's next backup is due, and that one which failed is not tried again at once.
final class BackupSchedule: Sendable {
    private let interval: Duration
    /// Until when a user's backup is not due again because the last try failed.
    private let pauses = Mutex<[UserID: MonotonicInstant]>([:])

    init(interval: Duration) {
        self.interval = interval
    }

    func isDue(_ user: UserID, last: UnixTime, at wall: UnixTime, _ now: MonotonicInstant) -> Bool {
        guard last.duration(to: wall) >= interval else { return false }
        return pauses.withLock { pauses in
            guard let end = pauses[user] else { return true }
            if now >= end { pauses[user] = nil }
            return now >= end
        }
    }

    /// Forgets a user who is gone.
    func forget(_ user: UserID) {
        pauses.withLock { $0[user] = nil }
    }

    /// The next try is after a tenth of the interval.
    func failed(_ user: UserID, at now: MonotonicInstant) {
        pauses.withLock { $0[user] = now.advanced(by: interval / 10) }
    }
}
