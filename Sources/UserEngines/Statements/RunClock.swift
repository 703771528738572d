import Glibc
import SQLCipher
import Timekeeping

/// Times a run of a statement on the present thread, from the moment when it is made.
///
/// A busy system takes the processor from a thread for milliseconds, or from another that holds a lock which this one needs.
/// That says nothing about the statement, which would be kept off the event thread for it, just when that is needed most.
/// It costs some 200 ns.
struct RunClock {
    /// When the run began.
    let start = SystemTime().now
    private let usage = ThreadUsage()

    /// What the run has taken by now.
    func read() -> RunTime {
        let end = SystemTime().now
        let elapsed = start.duration(to: end)
        guard elapsed >= RunHistory.quickRun else { return RunTime(end: end, elapsed: elapsed, taken: elapsed) }
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
    /// On account of the statement: what it has worked, or all of the time if it has read from the disk.
    let taken: Duration
}

/// What the present thread has used so far (https://man7.org/linux/man-pages/man2/getrusage.2.html).
private struct ThreadUsage {
    let processor: Duration
    /// How often it has read from a disk, itself or for a page of its memory.
    let reads: Int

    /// `RUSAGE_THREAD`, a macro that Swift does not import.
    private static let thread: __rusage_who_t = 1

    init() {
        var usage = rusage()
        getrusage(Self.thread, &usage)
        processor = Duration(usage.ru_utime) + Duration(usage.ru_stime)
        reads = usage.ru_inblock + usage.ru_majflt
    }
}

extension Duration {
    fileprivate init(_ time: timeval) {
        self = .seconds(time.tv_sec) + .microseconds(time.tv_usec)
    }
}
