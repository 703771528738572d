import Synchronization

/// Counts what is under way, and lets someone wait until nothing is. It lies in its owner: to refer to it would count
/// references in memory that event threads take from each other.
struct ActivityCount: ~Copyable, Sendable {
    // Not private, for Swift 6.3.1 fails on that in debug builds: "Global is external, but doesn't have external or
    // weak linkage".
    struct State {
        var nextID = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    private let underWay = Atomic(0)
    /// Whether somebody has ever waited: looked at after the count has been lowered, and set before it is looked at.
    private let isAwaited = Atomic(false)
    private let state = Mutex(State())

    var count: Int { underWay.load(ordering: .sequentiallyConsistent) }

    /// Those who wait until nothing is under way.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    func begin() {
        underWay.add(1, ordering: .relaxed)
    }

    func end() {
        let left = underWay.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left == 0, isAwaited.load(ordering: .sequentiallyConsistent) { resumeWaiters() }
    }

    /// Wakes those who wait, if nothing is under way.
    func resumeWaiters() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            // Something may have begun since. Who ends that finds those who wait now.
            guard count == 0 else { return [] }
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
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
                    isAwaited.store(true, ordering: .sequentiallyConsistent)
                    // A cancellation that came before this found no waiter to wake.
                    if count == 0 || Task.isCancelled { return true }
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
