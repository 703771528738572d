import Synchronization
import Timekeeping

/// Counts what is under way, and lets someone wait until nothing is.
final class ActivityCount: Sendable {
    private struct State {
        var count = 0
        var nextID = 0
        var waiters: Waiters = [:]

        typealias Waiters = [Int: CheckedContinuation<Void, Never>]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.count } }

    /// Those who wait until nothing is under way.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func begin() {
        state.withLock { $0.count += 1 }
    }

    func end() {
        let waiters = state.withLock { state in
            state.count -= 1
            guard state.count == 0, !state.waiters.isEmpty else { return nil as State.Waiters? }
            defer { state.waiters = [:] }
            return state.waiters
        }
        if let waiters { waiters.values.forEach { $0.resume() } }
    }

    /// Waits until nothing is under way or `deadline` has come; whether nothing is.
    func isIdle(by deadline: MonotonicInstant, time: any TimeSource) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.waitUntilIdle() }
            group.addTask { try? await time.sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
        return count == 0
    }

    /// Waits until nothing is under way or the task is cancelled.
    func waitUntilIdle() async {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isDone = state.withLock { state in
                    // A cancellation that came before this found no waiter to wake.
                    if state.count == 0 || Task.isCancelled { return true }
                    state.waiters[id] = continuation
                    return false
                }
                if isDone { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: id) }?.resume()
        }
    }
}
