import Glibc

/// One POSIX thread that runs a closure and can be joined once.
public struct PosixThread: ~Copyable, Sendable {
    private let handle: pthread_t

    private final class Start: Sendable {
        let body: @Sendable () -> Void

        init(body: @escaping @Sendable () -> Void) {
            self.body = body
        }
    }

    /// Starts the thread. Traps if the system has no thread left, which at start-up is a broken installation.
    public init(body: @escaping @Sendable () -> Void) {
        guard let thread = PosixThread(ifPossible: body) else { preconditionFailure("the system has no thread left") }
        self = thread
    }

    /// Starts the thread; `nil` if the system has none left. It has the priority of the thread that starts it.
    init?(ifPossible body: @escaping @Sendable () -> Void) {
        let start = Unmanaged.passRetained(Start(body: body))
        var handle = pthread_t()
        let result = pthread_create(
            &handle, nil,
            { argument in
                Unmanaged<Start>.fromOpaque(argument!).takeRetainedValue().body()
                return nil
            }, start.toOpaque())
        guard result == 0 else {
            start.release()
            return nil
        }
        self.handle = handle
    }

    /// Waits until the thread has ended.
    public consuming func join() {
        pthread_join(handle, nil)
    }
}
