import Glibc
import Logging

/// How the time that a stop may take is shared out. Whatever is still at work when it is over ends with the process:
/// the next start recovers the logs.
struct StopSchedule: Equatable {
    /// The most that is kept back for what follows the requests.
    private static let longestReserve = Duration.seconds(5)
    private static let longestGrace = Duration.seconds(2)

    /// Everything: a supervisor that waits longer sees the process end by itself.
    let total: Duration
    /// For requests in flight; then they are cancelled.
    let requests: Duration
    /// For requests to answer that they were cancelled. What is left is for closing the databases.
    let grace: Duration

    init(total: Duration) {
        self.total = total
        let reserve = min(Self.longestReserve, total / 2)
        requests = total - reserve
        grace = min(Self.longestGrace, reserve / 2)
    }

    /// Ends the process when the time is over, if it has not ended by then.
    func begin() {
        let total = total
        Task.detached {
            try? await Task.sleep(for: total)
            Logger(label: "coffer").critical(
                "the stop takes longer than it may, and is cut short", metadata: ["limit": "\(total)"])
            _exit(EXIT_FAILURE)
        }
    }
}
