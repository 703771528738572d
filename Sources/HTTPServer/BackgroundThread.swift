import Synchronization
import Workers

/// A thread kept in a value, which a noncopyable `PosixThread` cannot be.
final class BackgroundThread: Sendable {
    private let thread: Mutex<PosixThread?>

    init(body: @escaping @Sendable () -> Void) {
        thread = Mutex(PosixThread(body: body))
    }

    /// Waits until the thread has ended.
    func join() {
        thread.withLock { $0.take() }?.join()
    }

    /// Runs what blocks on a thread of its own, without holding the caller's.
    static func run(_ body: @escaping @Sendable () -> Void) async {
        let box = Mutex<BackgroundThread?>(nil)
        await withCheckedContinuation { continuation in
            let thread = BackgroundThread {
                body()
                continuation.resume()
            }
            box.withLock { $0 = thread }
        }
        // The body has returned, so this takes no time.
        box.withLock { $0 }?.join()
    }
}
