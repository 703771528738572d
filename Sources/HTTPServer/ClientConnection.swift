import CMicroHTTPD
import Glibc
import Synchronization
import Timekeeping

/// One client's connection, from accept to close, and the only place that suspends, resumes and cuts it.
///
/// libmicrohttpd forgets a resume that comes before its suspend, closes the socket right after it has announced that,
/// and panics when it is stopped with a connection suspended. So everything that touches the connection from outside
/// its event thread goes through `state`, and stops at `isClosed`. The lock is never taken while an ``Exchange``'s or
/// a stream's is held; the condition given to ``suspend(unless:)``, and the watchdog's check, take those inside it.
final class ClientConnection: Sendable {
    /// What the connection is doing, and until when.
    enum Phase {
        /// In a header, or between two requests, when nobody `answers` a client that is merely silent.
        case awaitingRequest(until: MonotonicInstant, answers: Bool)
        /// `received` bytes of a body since the current window began, which is measured at its end.
        case receivingBody(windowEnd: MonotonicInstant, received: Int)
        /// A handler runs, or its response is on the way and comes in pieces.
        case answering
        /// A response of known length is on the way, which the client must have taken by then.
        case sending(until: MonotonicInstant)
        /// An answer was sent before the body was read; the client gets until then to read it.
        case lingering(until: MonotonicInstant)
        /// Given up.
        case cut(Cut)
    }

    /// Why a connection was given up.
    enum Cut { case tooSlow, clientGone, answered }

    enum Suspension {
        case suspended
        /// The condition holds.
        case notNeeded
        /// The connection has been given up, or the daemon is about to stop.
        case refused
    }

    struct State {
        var phase: Phase
        var suspendedSince: MonotonicInstant?
        var exchange: Exchange?
        /// That of the last request line, if it is worth keeping.
        var target: ResolvedTarget?
        /// No suspension any more: the daemon is about to stop.
        var isStopping = false
        /// The socket is closed, or will be as soon as the lock is released.
        var isClosed = false
    }

    let core: ServerCore
    let remoteAddress: RemoteAddress
    let socket: Int32
    /// Sound as `nonisolated(unsafe)`: the pointer never changes, and what it points to is used on its event thread, or
    /// while it is suspended, which keeps it alive, by the one who has taken `suspendedSince` away.
    private nonisolated(unsafe) let handle: OpaquePointer
    let state: Mutex<State>
    /// For its requests; connections share none, for which their event threads would wait.
    let identifiers = Mutex(RequestIdentifiers())

    init(_ handle: OpaquePointer, requestBy deadline: MonotonicInstant, of core: ServerCore) {
        self.handle = handle
        self.core = core
        socket = coffer_mhd_connection_info(handle, .CONNECTION_INFO_CONNECTION_FD).pointee.connect_fd
        remoteAddress = RemoteAddress(
            coffer_mhd_connection_info(handle, .CONNECTION_INFO_CLIENT_ADDRESS)?.pointee.client_addr)
        state = Mutex(State(phase: .awaitingRequest(until: deadline, answers: true)))
    }

    // MARK: - Suspension

    /// Takes the connection out of the event loop unless `condition` holds, which is asked under the lock: whoever
    /// makes it true and then calls ``resume()`` either is seen here or finds the connection suspended. On the event
    /// thread, inside a callback.
    func suspend(unless condition: () -> Bool) -> Suspension {
        let now = core.time.now
        return state.withLock { state in
            if condition() { return .notNeeded }
            if state.isStopping || state.cut != nil { return .refused }
            state.suspendedSince = now
            MHD_suspend_connection(handle)
            return .suspended
        }
    }

    /// Puts the connection back into the event loop if it is suspended. May be called for nothing: whoever suspended
    /// looks again.
    func resume() {
        resume { _ in }
    }

    /// Resumes the connection and refuses to suspend it again.
    func stopSuspending() {
        resume { $0.isStopping = true }
    }

    /// The lock is free again when libmicrohttpd is called. That wakes the event thread, which may get the processor at
    /// once and would then wait for the lock until this thread has its turn again, tens of milliseconds later on a busy
    /// system.
    private func resume(after change: (inout State) -> Void) {
        let isSuspended = state.withLock { state in
            change(&state)
            guard state.suspendedSince != nil else { return false }
            state.suspendedSince = nil
            core.resumptions.begin()
            return true
        }
        guard isSuspended else { return }
        MHD_resume_connection(handle)
        core.resumptions.end()
    }

    /// Whether libmicrohttpd has not put the connection back into its event loop, though it may have been asked to: it
    /// must not be suspended once more then. On the event thread, the only one that changes this.
    var isOutOfLoop: Bool {
        coffer_mhd_connection_info(handle, .CONNECTION_INFO_CONNECTION_SUSPENDED).pointee.suspended == 1
    }

    // MARK: - Life

    /// The client is done, from libmicrohttpd's view; it closes the socket when this has returned.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.exchange = nil
        }
    }

    /// What a request line asks for.
    func target(_ bytes: UnsafeBufferPointer<UInt8>) -> ResolvedTarget {
        if let last = state.withLock({ $0.target }), last.matches(bytes) { return last }
        let target = ResolvedTarget(Array(bytes), in: core.router)
        state.withLock { $0.target = target.isWorthKeeping ? target : nil }
        return target
    }

    /// The exchange that is under way.
    var exchange: Exchange? { state.withLock { $0.exchange } }

    /// Why it was given up, if it was.
    var cut: Cut? {
        state.withLock { $0.cut }
    }

    /// Enters a phase, unless the connection has been given up; false if it has.
    @discardableResult
    func enter(_ phase: Phase) -> Bool {
        state.withLock { state in
            guard state.cut == nil else { return false }
            state.phase = phase
            return true
        }
    }
}

extension ClientConnection.State {
    var cut: ClientConnection.Cut? {
        if case .cut(let reason) = phase { reason } else { nil }
    }
}
