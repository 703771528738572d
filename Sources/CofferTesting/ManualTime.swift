import Synchronization
import Timekeeping

/// Time that stands still until the test moves it.
///
/// Sleepers are resumed in the order of their deadlines. Both clocks move together.
public final class ManualTime: TimeSource {
    private struct Sleeper {
        let id: Int
        let deadline: MonotonicInstant
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var now: MonotonicInstant
        var unixTime: UnixTime
        var nextID = 0
        var sleepers: [Sleeper] = []
        var countWaiters: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []

        mutating func takeSatisfiedWaiters() -> [CheckedContinuation<Void, Never>] {
            let satisfied = countWaiters.filter { $0.count <= sleepers.count }
            countWaiters.removeAll { $0.count <= sleepers.count }
            return satisfied.map(\.continuation)
        }
    }

    private let state: Mutex<State>

    /// Starts at an arbitrary monotonic origin and at the given wall time (2026-01-01T00:00:00Z unless told).
    public init(unixTime: UnixTime = UnixTime(milliseconds: 1_767_225_600_000)) {
        state = Mutex(State(now: MonotonicInstant(nanoseconds: 1_000_000_000), unixTime: unixTime))
    }

    /// The monotonic clock, where the test left it.
    public var now: MonotonicInstant { state.withLock { $0.now } }

    /// The wall clock, where the test left it.
    public var unixTime: UnixTime { state.withLock { $0.unixTime } }

    /// The number of tasks that sleep on this clock now.
    public var sleeperCount: Int { state.withLock { $0.sleepers.count } }

    /// Moves both clocks forward and wakes everyone whose deadline has come.
    public func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.now = state.now.advanced(by: duration)
            state.unixTime = state.unixTime.advanced(by: duration)
            let due = state.sleepers.filter { $0.deadline <= state.now }.sorted { $0.deadline < $1.deadline }
            state.sleepers.removeAll { $0.deadline <= state.now }
            return due
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    /// Sleeps until the test has moved the clock to `deadline`.
    public func sleep(until deadline: MonotonicInstant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (isDue, satisfied) = state.withLock { state -> (Bool, [CheckedContinuation<Void, Never>]) in
                    guard deadline > state.now else { return (true, []) }
                    state.sleepers.append(Sleeper(id: id, deadline: deadline, continuation: continuation))
                    return (false, state.takeSatisfiedWaiters())
                }
                if isDue { continuation.resume() }
                for waiter in satisfied { waiter.resume() }
                // A cancellation that came before the append found no sleeper to wake.
                if Task.isCancelled { wake(id) }
            }
        } onCancel: {
            wake(id)
        }
    }

    /// Waits until at least `count` tasks sleep on this clock.
    public func sleepers(atLeast count: Int) async {
        await withCheckedContinuation { continuation in
            let isSatisfied = state.withLock { state in
                if state.sleepers.count >= count { return true }
                state.countWaiters.append((count, continuation))
                return false
            }
            if isSatisfied { continuation.resume() }
        }
    }

    private func wake(_ id: Int) {
        let sleeper = state.withLock { state -> Sleeper? in
            guard let index = state.sleepers.firstIndex(where: { $0.id == id }) else { return nil }
            return state.sleepers.remove(at: index)
        }
        sleeper?.continuation.resume(throwing: CancellationError())
    }
}
