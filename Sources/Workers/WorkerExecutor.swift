import Synchronization

/// A task executor over a fixed number of POSIX threads, for work that blocks.
///
/// A task that prefers this executor may call SQLite or read a file: the thread it holds is one of ours, never one
/// of the cooperative pool. A task that awaits holds no thread.
public final class WorkerExecutor: TaskExecutor, Sendable {
    let yieldNanoseconds: Int64
    let longJobNanoseconds: Int64
    private let queue = JobQueue()
    private let threads = Mutex<[WorkerThread]>([])

    /// Starts `threads` threads, which live until ``shutdown()``. `threads` is at least 1; `yieldInterval` is how long
    /// a job that calls ``giveWay()`` keeps others from its processor, `longJob` what it may work with the ordinary
    /// priority.
    public init(
        threads count: Int, yieldInterval: Duration = .microseconds(250), longJob: Duration = .milliseconds(2)
    ) {
        precondition(count >= 1, "an executor needs at least one thread")
        yieldNanoseconds = Int64(yieldInterval / .nanoseconds(1))
        longJobNanoseconds = Int64(longJob / .nanoseconds(1))
        for _ in 0..<count {
            guard let thread = WorkerThread(of: self) else { preconditionFailure("the system has no thread left") }
            threads.withLock { $0.append(thread) }
        }
    }

    /// If the present thread is a worker, lets others that wait have the processor, every now and then, and lowers the
    /// priority until the end of the job once that has worked for long. Called often by what may take long, so that it
    /// does not keep the processor from those who answer at once.
    public static func giveWay() {
        WorkerThread.present?.giveWay()
    }

    /// Queues a job; called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job))
    }

    /// Runs what is queued, then ends the threads and joins them. Called when no task prefers this executor any more,
    /// and never from one of its own threads.
    public func shutdown() {
        queue.close()
        for thread in threads.withLock({ exchange(&$0, with: []) }) { thread.join() }
    }

    /// Lets the calling thread run jobs for as long as `condition` holds, until the shutdown.
    func serve(while condition: () -> Bool, _ run: (UnownedJob) -> Void) {
        queue.serve(while: condition, run)
    }

    /// Has another thread begin when this one ends; false if there is none to be had, or everything ends.
    func replace(_ thread: WorkerThread) -> Bool {
        threads.withLock { threads in
            // A shutdown joins those that it has found here, and nobody after them.
            guard let index = threads.firstIndex(where: { $0 === thread }),
                let successor = WorkerThread(of: self, after: thread)
            else { return false }
            threads[index] = successor
            return true
        }
    }
}

/// A serial executor with one POSIX thread, for an actor whose work blocks.
public final class SerialThreadExecutor: SerialExecutor, Sendable {
    private let queue = JobQueue()
    private let thread: Mutex<JoinableThread?>

    /// Starts the thread, which lives until ``shutdown()``.
    public init() {
        thread = Mutex(nil)
        let started = JoinableThread { [self] in
            queue.serve { $0.runSynchronously(on: asUnownedSerialExecutor()) }
        }
        thread.withLock { $0 = started }
    }

    /// Queues a job; called by the Swift runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        queue.append(UnownedJob(job))
    }

    /// Runs what is queued, then ends the thread and joins it. Called when no actor uses this executor any more.
    public func shutdown() {
        queue.close()
        thread.withLock { exchange(&$0, with: nil) }?.join()
    }
}

/// A thread kept in a collection, which a noncopyable ``PosixThread`` cannot be.
private final class JoinableThread: Sendable {
    private let thread: Mutex<PosixThread?>

    init(body: @escaping @Sendable () -> Void) {
        thread = Mutex(PosixThread(body: body))
    }

    func join() {
        thread.withLock { $0.take() }?.join()
    }
}

private func exchange<Value>(_ value: inout Value, with replacement: Value) -> Value {
    let previous = value
    value = replacement
    return previous
}
