import Synchronization
import Timekeeping

/// Keeps an engine's statements off the event threads for a while after one of them has held it up.
///
/// Nothing bounds the time of a single instruction of SQLite's: a long value may stand before the one that is read, an
/// index may have long keys, a changed schema has to be read again. Who makes that happen, by chance or on purpose, so
/// takes a small share of the event thread's time only.
///
/// As long as all runs are quick by the clock, nobody asks what they have taken of the processor. One that seems slow
/// says nothing then, but the engine's runs are measured for a while: only a small share of the time can pass
/// unmeasured.
struct QuickBrake: ~Copyable, Sendable {
    /// Longer than any run that could be stopped in time.
    static let longestRun = Duration.milliseconds(10)
    /// How many times as long as the run the brake is on, or the runs are measured.
    static let factor = 1000

    private let end = Atomic<Int64>(.min)
    private let endOfDoubt = Atomic<Int64>(.min)

    func isOn(at now: MonotonicInstant) -> Bool {
        now.nanoseconds < end.load(ordering: .relaxed)
    }

    /// Whether a run is to be measured.
    func isInDoubt(at now: MonotonicInstant) -> Bool {
        now.nanoseconds < endOfDoubt.load(ordering: .relaxed)
    }

    /// Takes in how long a run took.
    func record(_ time: RunTime) {
        // Several event threads may have been held up at once: the longest run counts.
        if let taken = time.taken {
            guard taken >= Self.longestRun else { return }
            end.max(time.end.advanced(by: taken * Self.factor).nanoseconds, ordering: .relaxed)
        } else {
            endOfDoubt.max(time.end.advanced(by: time.elapsed * Self.factor).nanoseconds, ordering: .relaxed)
        }
    }
}
