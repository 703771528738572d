import Glibc
import Synchronization

/// A thread of a ``WorkerExecutor``, which gives way to other threads of the system while it runs a long job.
///
/// A thread may lower its priority, and without privileges not raise it again
/// (https://man7.org/linux/man-pages/man2/setpriority.2.html). So one that has done so ends with the job, and another takes
/// its place, which it has started before, since a thread begins with the priority of the one that starts it.
final class WorkerThread: Sendable {
    /// How much is added to the nice value: a tenth of the processor beside a thread of ordinary priority that wants all of
    /// it, and everything beside none. See https://man7.org/linux/man-pages/man7/sched.7.html.
    static let niceness: Int32 = 10

    private let executor: WorkerExecutor
    private let thread = Mutex<PosixThread?>(nil)
    /// The processor time of this thread, in nanoseconds, at which its job is a long one; 0 until the job asks.
    private let longFrom = Atomic<Int64>(0)
    private let hasGivenWay = Atomic(false)

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
        executor.serve(while: { !hasGivenWay.load(ordering: .relaxed) }) { job in
            longFrom.store(0, ordering: .relaxed)
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }

    /// Lowers the priority, once the job has worked for long since it first asked.
    func giveWayIfLong() {
        guard !hasGivenWay.load(ordering: .relaxed) else { return }
        let (now, end) = (Self.processorTime, longFrom.load(ordering: .relaxed))
        guard end == 0 || now >= end else { return }
        longFrom.store(now + executor.longJobNanoseconds, ordering: .relaxed)
        guard end != 0, executor.replace(self) else { return }
        hasGivenWay.store(true, ordering: .relaxed)
        // Of this thread alone, on Linux.
        _ = nice(Self.niceness)
    }

    /// What the present thread has worked, in nanoseconds.
    private static var processorTime: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
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
