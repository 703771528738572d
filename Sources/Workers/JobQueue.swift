import DequeModule
import Glibc

/// A first-in-first-out queue of executor jobs that threads block on.
///
/// Sound as `@unchecked Sendable`: `jobs` and `isClosed` are touched only while `mutex` is held, and the two
/// pthread objects are made for sharing. `Synchronization.Mutex` has no condition variable to wait on.
final class JobQueue: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let available = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: Deque<UnownedJob> = []
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(available, nil)
    }

    deinit {
        pthread_cond_destroy(available)
        pthread_mutex_destroy(mutex)
        available.deallocate()
        mutex.deallocate()
    }

    func append(_ job: UnownedJob) {
        pthread_mutex_lock(mutex)
        precondition(!isClosed, "a job was enqueued on an executor after its shutdown")
        jobs.append(job)
        pthread_mutex_unlock(mutex)
        pthread_cond_signal(available)
    }

    /// The next job, waited for; `nil` once the queue is closed and empty.
    func next() -> UnownedJob? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while jobs.isEmpty && !isClosed {
            pthread_cond_wait(available, mutex)
        }
        return jobs.popFirst()
    }

    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_mutex_unlock(mutex)
        pthread_cond_broadcast(available)
    }
}
