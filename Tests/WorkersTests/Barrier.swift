import Glibc

/// A barrier that blocks its thread, as SQLite would.
final class Barrier: @unchecked Sendable {
    // Sound: a pthread barrier is made for sharing, and the pointer never changes.
    private let barrier = UnsafeMutablePointer<pthread_barrier_t>.allocate(capacity: 1)

    init(_ count: UInt32) { pthread_barrier_init(barrier, nil, count) }
    deinit {
        pthread_barrier_destroy(barrier)
        barrier.deallocate()
    }
    func wait() { pthread_barrier_wait(barrier) }
}
