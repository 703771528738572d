import Synchronization
import Timekeeping

/// Keeps an engine's statements off the event threads for a while after one of them has held it up.
///
/// Nothing bounds the time of a single instruction of SQLite's: a long value may stand before the one that is read, an
/// index may have long keys, a changed schema has to be read again. Who makes that happen, by chance or on purpose, so
/// takes a small share of the event thread's time only.
final class QuickBrake: Sendable {
    /// Longer than any run that could be stopped in time.
    static let longestRun = Duration.milliseconds(10)
    /// How many times as long as the run the brake is on.
    static let factor = 1000

    private let end = Atomic<Int64>(.min)

    func isOn(at now: MonotonicInstant) -> Bool {
        now.nanoseconds < end.load(ordering: .relaxed)
    }

    /// Takes in how long a run took.
    func record(_ time: RunTime) {
        guard time.taken >= Self.longestRun else { return }
        // Several event threads may have been held up at once: the longest run counts.
        end.max(time.end.advanced(by: time.taken * Self.factor).nanoseconds, ordering: .relaxed)
    }
}
