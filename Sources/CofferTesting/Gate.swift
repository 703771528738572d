import Synchronization

/// A door that tasks wait at until the test opens it, and that tells the test who has arrived.
public final class Gate: Sendable {
    private struct State {
        var isOpen: Bool
        var arrivals = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
        var arrivalWaiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
    }

    private let state: Mutex<State>

    /// Makes a gate, closed unless told otherwise.
    public init(open: Bool = false) {
        state = Mutex(State(isOpen: open))
    }

    /// The number of tasks that have come to the gate so far, whether or not they had to wait.
    public var arrivals: Int { state.withLock { $0.arrivals } }

    /// Whether who comes need not wait.
    public var isOpen: Bool { state.withLock { $0.isOpen } }

    /// Comes to the gate and waits until it is open. Cancellation does not open it.
    public func pass() async {
        await withCheckedContinuation { continuation in
            let (mayPass, satisfied) = state.withLock { state in
                state.arrivals += 1
                let satisfied = state.arrivalWaiters.filter { $0.count <= state.arrivals }
                state.arrivalWaiters.removeAll { $0.count <= state.arrivals }
                if !state.isOpen { state.waiters.append(continuation) }
                return (state.isOpen, satisfied)
            }
            for waiter in satisfied { waiter.continuation.resume() }
            if mayPass { continuation.resume() }
        }
    }

    /// Lets everyone who waits pass, and everyone who comes later.
    public func open() {
        let waiters = state.withLock { state in
            state.isOpen = true
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume() }
    }

    /// Makes those who come from now on wait.
    public func close() {
        state.withLock { $0.isOpen = false }
    }

    /// Lets the one who has waited longest pass, and leaves the gate closed; false if nobody waits.
    @discardableResult
    public func admitOne() -> Bool {
        let waiter = state.withLock { $0.waiters.isEmpty ? nil : $0.waiters.removeFirst() }
        waiter?.resume()
        return waiter != nil
    }

    /// Waits until at least `count` tasks have come to the gate.
    public func arrivals(atLeast count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.arrivals >= count { return true }
                state.arrivalWaiters.append((count, continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }
}
