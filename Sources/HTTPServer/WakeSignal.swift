import CMicroHTTPD
import Glibc
import Synchronization

/// Wakes a thread that waits in `poll(2)`; a signal sent before the wait is not lost.
final class WakeSignal: Sendable {
    private let descriptor: Mutex<Int32>

    init() {
        let descriptor = coffer_event_descriptor()
        precondition(descriptor >= 0, "eventfd failed with \(errno)")
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        close()
    }

    /// Wakes the waiting thread, if it has not closed the signal.
    func send() {
        descriptor.withLock { descriptor in
            var one: UInt64 = 1
            if descriptor >= 0 { write(descriptor, &one, 8) }
        }
    }

    /// Waits until a signal has come, `other` is readable, or `milliseconds` have passed; -1 waits without end.
    /// Whether `other` is readable. On the thread that calls ``close()``.
    @discardableResult
    func wait(milliseconds: Int32, or other: Int32 = -1) -> Bool {
        let own = descriptor.withLock { $0 }
        var entries = (
            pollfd(fd: own, events: Int16(POLLIN), revents: 0), pollfd(fd: other, events: Int16(POLLIN), revents: 0)
        )
        let ready = withUnsafeMutableBytes(of: &entries) { entries in
            poll(entries.assumingMemoryBound(to: pollfd.self).baseAddress, 2, milliseconds)
        }
        guard ready > 0 else { return false }
        var ignored: UInt64 = 0
        if entries.0.revents != 0 { read(own, &ignored, 8) }
        return entries.1.revents != 0
    }

    /// Closes the descriptor; nobody can be woken any more.
    func close() {
        descriptor.withLock { descriptor in
            if descriptor >= 0 { _ = Glibc.close(descriptor) }
            descriptor = -1
        }
    }
}
