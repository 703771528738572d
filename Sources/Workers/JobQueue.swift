import DequeModule
import Glibc

/// A first-in-first-out queue of executor jobs, and the threads that run them.
///
/// Jobs often come in bursts and are short: to wake a thread costs more than to run them. So one thread is woken for
/// every few jobs, and when it takes one and leaves others, it wakes the next thread before it begins. More than one,
/// because whoever wakes a thread may lose the processor before it has. Each thread sleeps at a semaphore of its own,
/// so that whoever is woken is known, and comes.
///
/// Sound as `@unchecked Sendable`: the variables are touched only while `mutex` is held, and the mutex and the
/// semaphores are made for sharing.
final class JobQueue: @unchecked Sendable {
    private typealias Semaphore = UnsafeMutablePointer<sem_t>

    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var jobs: Deque<UnownedJob> = []
    private var isClosed = false
    /// The threads that sleep and have not been woken; the latest, whose caches are warm, is woken first.
    private var sleepers: [Semaphore] = []
    /// The threads that are being woken and have not looked at the jobs yet.
    private var threadsOnTheirWay = 0
    /// The jobs that one of those is trusted with.
    private static let jobsForOne = 4

    init() {
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    func append(_ job: UnownedJob) {
        pthread_mutex_lock(mutex)
        precondition(!isClosed, "a job was enqueued on an executor after its shutdown")
        jobs.append(job)
        let sleeper = takeSleeper()
        pthread_mutex_unlock(mutex)
        if let sleeper { sem_post(sleeper) }
    }

    /// Lets the calling thread run jobs until the queue is closed and empty, or `condition` does not hold before one.
    /// Whoever leaves so sees to it that another thread comes in its place.
    func serve(while condition: () -> Bool = { true }, _ run: (UnownedJob) -> Void) {
        let semaphore = Semaphore.allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
        defer {
            sem_destroy(semaphore)
            semaphore.deallocate()
        }
        while condition(), let job = next(sleepingAt: semaphore) { run(job) }
    }

    private func next(sleepingAt semaphore: Semaphore) -> UnownedJob? {
        pthread_mutex_lock(mutex)
        while jobs.isEmpty && !isClosed {
            sleepers.append(semaphore)
            pthread_mutex_unlock(mutex)
            while sem_wait(semaphore) != 0 {}  // A signal handler has run.
            pthread_mutex_lock(mutex)
            threadsOnTheirWay -= 1
        }
        let job = jobs.popFirst()
        let sleeper = takeSleeper()
        pthread_mutex_unlock(mutex)
        if let sleeper { sem_post(sleeper) }
        return job
    }

    /// The thread that the caller has to wake, if any.
    private func takeSleeper() -> Semaphore? {
        guard jobs.count > Self.jobsForOne * threadsOnTheirWay, let sleeper = sleepers.popLast() else { return nil }
        threadsOnTheirWay += 1
        return sleeper
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        let all = sleepers
        sleepers = []
        threadsOnTheirWay += all.count
        pthread_mutex_unlock(mutex)
        for sleeper in all { sem_post(sleeper) }
    }
}
