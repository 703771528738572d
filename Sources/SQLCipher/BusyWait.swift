import CSQLCipher
import Glibc
import Timekeeping

/// Waiting for another connection's lock: as SQLite's own busy timeout, but it ends with the connection's limit too.
///
/// Only the thread that uses the connection comes here. See https://www.sqlite.org/c3ref/busy_handler.html.
final class BusyWait {
    private static let shortestPause: Int64 = 100_000
    private static let longestPause: Int64 = 25_000_000

    /// How long a call waits that meets a lock.
    var timeout: Duration
    private let limit: ProgressLimit
    private var end = MonotonicInstant(nanoseconds: 0)

    init(timeout: Duration, limit: ProgressLimit) {
        self.timeout = timeout
        self.limit = limit
    }

    /// Installs the busy handler. The object must outlive the handle.
    func install(on handle: OpaquePointer) {
        sqlite3_busy_handler(handle, waitForLock, Unmanaged.passUnretained(self).toOpaque())
    }

    /// Sleeps before the next try, 0.1, 0.2, 0.4 … 25 ms; false when the waiting is over.
    fileprivate func pause(attempt: Int32) -> Bool {
        guard limit.interruption == nil else { return false }
        let now = SystemTime().now
        if attempt == 0 { end = now.advanced(by: timeout) }
        let remaining = now.duration(to: end).wholeNanoseconds
        guard remaining > 0 else { return false }
        let pause = min(Self.shortestPause << Int64(min(attempt, 8)), Self.longestPause, remaining)
        var request = timespec(tv_sec: 0, tv_nsec: Int(pause))
        nanosleep(&request, nil)
        return true
    }
}

private func waitForLock(_ context: UnsafeMutableRawPointer?, _ attempt: Int32) -> Int32 {
    Unmanaged<BusyWait>.fromOpaque(context!).takeUnretainedValue().pause(attempt: attempt) ? 1 : 0
}
