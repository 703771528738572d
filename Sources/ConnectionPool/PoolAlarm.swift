import Synchronization
import Timekeeping

/// A call that the state machine has asked for. A later one has a higher number and overtakes it.
struct AlarmOrder: Equatable, Sendable {
    let number: UInt64
    let instant: MonotonicInstant
}

/// The one timer of a pool, for the newest order, in whatever sequence orders arrive here.
final class PoolAlarm: Sendable {
    private struct State {
        var newest: UInt64 = 0
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Replaces the timer by the one that `start` begins, unless the order has been overtaken.
    func set(_ order: AlarmOrder, _ start: () -> Task<Void, Never>) {
        state.withLock { state in
            guard order.number > state.newest else { return }
            state.newest = order.number
            state.task?.cancel()
            state.task = start()
        }
    }

    /// Ends the timer of an order that is not needed any more, also when it has not been set yet.
    func cancel(_ order: AlarmOrder) {
        state.withLock { state in
            guard order.number >= state.newest else { return }
            state.newest = order.number
            state.task?.cancel()
            state.task = nil
        }
    }
}
