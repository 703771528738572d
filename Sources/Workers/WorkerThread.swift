import Glibc
import Synchronization

/// A thread of a ``WorkerExecutor``, which gives way to other threads of the system while its job takes long.
///
/// Every now and then it *yields*: whoever waits for the processor gets it. A thread that wakes up does not take it
/// from one whose time slice has just begun, whatever their priorities (`RUN_TO_PARITY` in
/// https://github.com/torvalds/linux/blob/v6.18/kernel/sched/features.h); so it would wait for the next tick of the
/// system's clock, up to 4 ms (https://man7.org/linux/man-pages/man7/time.7.html).
///
/// Once the job is a long one, the thread lowers its priority too, so that it gets less when there is not enough for
/// all. A thread may do that, and without privileges not raise it again
/// (https://man7.org/linux/man-pages/man2/setpriority.2.html). So one that has done so ends with the job, and another
/// takes its place, which it has started before, since a thread begins with the priority of the one that starts it.
final class WorkerThread: Sendable {
    /// How much is added to the nice value: a tenth of the processor beside a thread of ordinary priority that wants
    /// all of it, and everything beside none. See https://man7.org/linux/man-pages/man7/sched.7.html.
    static let niceness: Int32 = 10

    private let executor: WorkerExecutor
    private let thread = Mutex<PosixThread?>(nil)
    /// When to yield next, in nanoseconds on the monotonic clock; 0 until the job has asked.
    private let nextYield = Atomic<Int64>(0)
    /// The processor time of this thread, in nanoseconds, at which its job is a long one.
    private let longFrom = Atomic<Int64>(0)
    private let hasLowPriority = Atomic(false)

    /// Starts the thread, which begins to work when `predecessor` has ended; `nil` if the system has no thread left.
    init?(of executor: WorkerExecutor, after predecessor: WorkerThread? = nil) {
        self.executor = executor
        let isStarted = thread.withLock { thread in
            thread = PosixThread(ifPossible: { [self] in
                predecessor?.join()
                run()
            })
            return thread != nil
        }
        guard isStarted else { return nil }
    }

    /// Waits until the thread has ended. Only the first call does.
    func join() {
        thread.withLock { $0.take() }?.join()
    }

    private func run() {
        Self.present = self
        executor.serve(while: { !hasLowPriority.load(ordering: .relaxed) }) { job in
            nextYield.store(0, ordering: .relaxed)
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }

    /// Yields if that is due, and then lowers the priority if the job has worked for long since it first asked.
    func giveWay() {
        let due = nextYield.load(ordering: .relaxed)
        if due == 0 {
            longFrom.store(Self.time(CLOCK_THREAD_CPUTIME_ID) + executor.longJobNanoseconds, ordering: .relaxed)
        } else {
            guard Self.time(CLOCK_MONOTONIC) >= due else { return }
            // https://man7.org/linux/man-pages/man2/sched_yield.2.html
            sched_yield()
            lowerPriorityIfLong()
        }
        nextYield.store(Self.time(CLOCK_MONOTONIC) + executor.yieldNanoseconds, ordering: .relaxed)
    }

    private func lowerPriorityIfLong() {
        guard !hasLowPriority.load(ordering: .relaxed),
            Self.time(CLOCK_THREAD_CPUTIME_ID) >= longFrom.load(ordering: .relaxed), executor.replace(self)
        else { return }
        hasLowPriority.store(true, ordering: .relaxed)
        // Of this thread alone, on Linux.
        _ = nice(Self.niceness)
    }

    /// What a clock shows, in nanoseconds.
    private static func time(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}

extension WorkerThread {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let result = pthread_key_create(&key, nil)
        precondition(result == 0, "pthread_key_create failed with \(result)")
        return key
    }()

    /// The present thread, if it is a worker. It lives for as long as it runs.
    fileprivate(set) static var present: WorkerThread? {
        get { pthread_getspecific(key).map { Unmanaged.fromOpaque($0).takeUnretainedValue() } }
        set { pthread_setspecific(key, newValue.map { UnsafeRawPointer(Unmanaged.passUnretained($0).toOpaque()) }) }
    }
}
