import Timekeeping

/// A waiter who is out of the queue because the holder of a connection does its errand.
struct TakenWaiter<Waiter: Sendable>: Sendable {
    let id: WaiterID
    let entry: WaiterQueue<Waiter>.Entry
}

extension PoolStateMachine {
    /// Takes the one who has waited longest out of the queue, if it is wanted. Whoever takes it either ends its wait or
    /// puts it back.
    mutating func takeWaiter(where isWanted: (Waiter) -> Bool) -> TakenWaiter<Waiter>? {
        defer { assertInvariant() }
        return waiters.popFirst(where: isWanted).map { TakenWaiter(id: $0.id, entry: $0.entry) }
    }

    /// Whether the one who has waited longest is wanted.
    func isFirstWaiter(_ isWanted: (Waiter) -> Bool) -> Bool {
        waiters.first.map(isWanted) ?? false
    }

    /// Gives those who were taken their places back, in their order: nobody else has moved up past the caller's lease.
    mutating func putBack(_ taken: [TakenWaiter<Waiter>], now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        guard lifecycle == .open else { return taken.map { .resume($0.entry.waiter, .failure(.closed)) } }
        for waiter in taken.reversed() { waiters.prepend(waiter.entry, as: waiter.id) }
        var actions: [Action] = []
        supply(now: now, &actions)
        if let deadline = waiters.firstDeadline { setAlarm(for: deadline, now: now, &actions) }
        return actions
    }
}
