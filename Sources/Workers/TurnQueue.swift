import DequeModule
import Synchronization

/// Lets a fixed number of tasks work at once, the others waiting in order and holding no thread.
public final class TurnQueue: Sendable {
    /// The queue is full.
    public struct Full: Error {
        /// The number of tasks that wait already.
        public let waiting: Int
    }

    /// Guarded as one: the turns taken, and who waits for one, in order.
    private struct State {
        var taken = 0
        var nextID = 0
        var order: Deque<Int> = []
        var waiters: [Int: CheckedContinuation<Void, any Error>] = [:]
    }

    private let turns: Int
    private let waitingLimit: Int
    private let state = Mutex(State())

    /// Makes a queue. `turns` is at least 1; beside `waitingLimit` tasks that wait, one more is refused.
    public init(turns: Int, waitingLimit: Int) {
        precondition(turns >= 1 && waitingLimit >= 0)
        self.turns = turns
        self.waitingLimit = waitingLimit
    }

    /// The number of tasks that wait for their turn.
    public var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Runs `body` once it is this task's turn. Throws ``Full`` at once when too many wait, and `CancellationError`
    /// when the task is cancelled before its turn has come.
    public func withTurn<Result>(_ body: () async throws -> Result) async throws -> Result {
        try await take()
        defer { giveBack() }
        return try await body()
    }

    private func take() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enqueue(id, continuation)
                // A cancellation that came before the waiter was enqueued found nobody to remove.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func enqueue(_ id: Int, _ continuation: CheckedContinuation<Void, any Error>) {
        let outcome: Result<Void, Full>? = state.withLock { state in
            if state.taken < turns {
                state.taken += 1
                return .success(())
            }
            guard state.waiters.count < waitingLimit else {
                return .failure(Full(waiting: state.waiters.count))
            }
            state.waiters[id] = continuation
            state.order.append(id)
            return nil
        }
        if let outcome { continuation.resume(with: outcome) }
    }

    private func cancel(_ id: Int) {
        let waiter = state.withLock { state -> CheckedContinuation<Void, any Error>? in
            guard let waiter = state.waiters.removeValue(forKey: id) else { return nil }
            state.order.removeAll { $0 == id }
            return waiter
        }
        waiter?.resume(throwing: CancellationError())
    }

    private func giveBack() {
        let next = state.withLock { state in
            guard let id = state.order.popFirst() else {
                state.taken -= 1
                return nil as CheckedContinuation<Void, any Error>?
            }
            // Handed straight on, the turn stays taken.
            return state.waiters.removeValue(forKey: id)
        }
        next?.resume()
    }
}
