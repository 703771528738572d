import DequeModule
import Synchronization

/// Mutual exclusion by key, first come first served; waiting holds no thread.
///
/// A key has an entry while somebody holds or awaits its lock, and no longer: the last one to leave takes it along. So
/// there are never two locks for one key, and the table does not grow with the number of keys ever used.
public final class KeyedLocks<Key: Hashable & Sendable>: Sendable {
    private struct Waiter {
        let id: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State: ~Copyable {
        /// Those who wait, by the keys whose locks are held.
        var entries: [Key: Deque<Waiter>] = [:]
        var lastWaiter = 0
    }

    /// Guards the table; never held while a lock is awaited or used.
    private let state = Mutex(State())

    /// Makes a table without entries.
    public init() {}

    /// Keys whose lock is held or awaited.
    public var count: Int { state.withLock { $0.entries.count } }

    /// Runs `body` while holding the key's lock. Throws `CancellationError` when cancelled before the lock was given.
    public func withLock<Result>(_ key: Key, _ body: () async throws -> Result) async throws -> Result {
        try await acquire(key)
        defer { release(key) }
        return try await body()
    }

    /// The same if nobody holds the key's lock now; `nil` otherwise, without waiting.
    public func withLockIfFree<Result>(_ key: Key, _ body: () async throws -> Result) async rethrows -> Result? {
        let isGiven = state.withLock { state in
            guard state.entries[key] == nil else { return false }
            state.entries[key] = []
            return true
        }
        guard isGiven else { return nil }
        defer { release(key) }
        return try await body()
    }

    /// Whether a key's lock is held.
    public func isHeld(_ key: Key) -> Bool { state.withLock { $0.entries[key] != nil } }

    /// Those who wait for a key's lock.
    func waiterCount(_ key: Key) -> Int { state.withLock { $0.entries[key]?.count ?? 0 } }

    private func acquire(_ key: Key) async throws {
        let id = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isGiven = state.withLock { state in
                    guard state.entries[key] != nil else {
                        state.entries[key] = []
                        return true
                    }
                    state.entries[key]!.append(Waiter(id: id, continuation: continuation))
                    return false
                }
                if isGiven {
                    continuation.resume()
                } else if Task.isCancelled {
                    // A cancellation that came before the waiter was queued found nothing to withdraw.
                    withdraw(id, key)
                }
            }
        } onCancel: {
            withdraw(id, key)
        }
    }

    /// Hands the lock to whoever has waited longest, or takes the entry along.
    private func release(_ key: Key) {
        let next = state.withLock { state -> Waiter? in
            guard let next = state.entries[key]!.popFirst() else {
                state.entries[key] = nil
                return nil
            }
            return next
        }
        next?.continuation.resume()
    }

    private func withdraw(_ id: Int, _ key: Key) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.entries[key]?.firstIndex(where: { $0.id == id }) else { return nil }
            return state.entries[key]!.remove(at: index)
        }
        waiter?.continuation.resume(throwing: CancellationError())
    }
}
