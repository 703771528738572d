import Synchronization
import Timekeeping

/// Says once, to everyone who waits for it, that a pool has closed its last connection.
final class ClosedSignal: Sendable {
    private struct State {
        var isGiven = false
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = Mutex(State())
    private let time: any TimeSource
    private let executor: any TaskExecutor

    init(time: any TimeSource, executor: any TaskExecutor) {
        self.time = time
        self.executor = executor
    }

    func give() {
        let waiters = state.withLock { state in
            state.isGiven = true
            let waiters = state.waiters.values
            state.waiters = [:]
            return Array(waiters)
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Waits for the signal, or until the deadline; whether the signal was given. Cancellation does not end the wait.
    func wait(until deadline: MonotonicInstant) async -> Bool {
        let id = state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
        var timer: Task<Void, Never>?
        let isGiven = await withCheckedContinuation { waiter in
            let isGiven = state.withLock { state in
                if !state.isGiven { state.waiters[id] = waiter }
                return state.isGiven
            }
            if isGiven { return waiter.resume(returning: true) }
            timer = Task.detached(executorPreference: executor) { [self] in
                // Ends early only by the cancellation below, when the wait is over.
                try? await time.sleep(until: deadline)
                state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: false)
            }
        }
        timer?.cancel()
        return isGiven
    }
}
