import Glibc
import SQLCipher
import Timekeeping

/// Times a run of a statement on the present thread.
///
/// A busy system takes the processor from a thread for milliseconds, or from another that holds a lock which this one
/// needs. That says nothing about the statement, which would be kept off the event thread for it, just when that is
/// needed most. What the thread has used is asked of the system, which costs some 300 ns.
struct RunClock {
    /// When the run began.
    let start: MonotonicInstant
    private let usage: ThreadUsage?

    /// - Parameter measuresUsage: whether the time of a run that seems slow is to be known.
    init(start: MonotonicInstant = SystemTime().now, measuresUsage: Bool = true) {
        self.start = start
        usage = measuresUsage ? ThreadUsage() : nil
    }

    /// What the run has taken by now.
    func read() -> RunTime {
        let end = SystemTime().now
        let elapsed = start.duration(to: end)
        guard elapsed >= RunHistory.quickRun else { return RunTime(end: end, elapsed: elapsed, taken: elapsed) }
        guard let usage else { return RunTime(end: end, elapsed: elapsed, taken: nil) }
        let now = ThreadUsage()
        let taken = now.reads == usage.reads ? now.processor - usage.processor : elapsed
        return RunTime(end: end, elapsed: elapsed, taken: taken)
    }
}

/// What a run has taken.
struct RunTime {
    /// When it was read.
    let end: MonotonicInstant
    /// By the clock.
    let elapsed: Duration
    /// On account of the statement: what it has worked, or all of the time if it has read from the disk. Nil if that is
    /// not known: the run seems slow, and what the thread has used was not measured.
    let taken: Duration?
}

extension RunHistory {
    /// Takes in how long a run took, if that is known.
    mutating func record(_ time: RunTime) {
        if let taken = time.taken { record(taken) }
    }
}

/// What the present thread has used so far (https://man7.org/linux/man-pages/man2/getrusage.2.html).
private struct ThreadUsage {
    private var usage = rusage()

    /// `RUSAGE_THREAD`, a macro that Swift does not import.
    private static let thread: __rusage_who_t = 1

    init() {
        getrusage(Self.thread, &usage)
    }

    var processor: Duration { Duration(usage.ru_utime) + Duration(usage.ru_stime) }

    /// How often it has read from a disk, itself or for a page of its memory.
    var reads: Int { usage.ru_inblock + usage.ru_majflt }
}

extension Duration {
    fileprivate init(_ time: timeval) {
        self = .seconds(time.tv_sec) + .microseconds(time.tv_usec)
    }
}
