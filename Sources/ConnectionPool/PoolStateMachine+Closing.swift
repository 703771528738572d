import Timekeeping

extension PoolStateMachine {
    /// Begins the close of a connection that the caller has taken out of every list and count. It keeps its slot.
    mutating func evict(_ index: Int, _ reason: EvictionReason, _ actions: inout [Action]) {
        closing += 1
        counters.evictions[reason, default: 0] += 1
        slots[index].phase = .closing
        actions.append(.close(slotID(index), slots[index].connection!, reason))
    }

    /// Frees the slot of a connection whose close has returned, with an error or without: either way it is gone.
    mutating func closed(_ slot: SlotID, failed: Bool, now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        closing -= 1
        counters.closes += 1
        if failed { counters.closeFailures += 1 }
        var actions: [Action] = []
        vacate(slot.index, &actions)
        supply(now: now, &actions)
        return actions
    }

    /// Makes a slot free that the caller has taken out of every count.
    mutating func vacate(_ index: Int, _ actions: inout [Action]) {
        slots[index] = PoolSlot()
        vacantSlots.append(index)
        ceiling = max(maximum, occupiedSlots)
        finishCloseIfEmpty(&actions)
    }

    /// Refuses new leases, ends all waits, and closes what is idle. What is leased or opening is closed when it comes
    /// back.
    mutating func beginClose() -> [Action] {
        defer { assertInvariant() }
        guard lifecycle == .open else { return [] }
        lifecycle = .closing
        var actions: [Action] = waiters.removeAll().map { .resume($0.waiter, .failure(.closed)) }
        for (index, _) in takeIdle() { evict(index, .poolClosed, &actions) }
        finishCloseIfEmpty(&actions)
        return actions
    }

    /// Interrupts all that is in use, so that it comes back.
    mutating func interruptAll() -> [Action] {
        defer { assertInvariant() }
        return slots.indices.compactMap { index in
            switch slots[index].phase {
            case .leased, .resetting, .checking:
                // An interrupt that comes late must not hit a next holder.
                slots[index].evictionMark = slots[index].evictionMark ?? .cancelled
                return .interrupt(slots[index].connection!)
            case .vacant, .opening, .idle, .closing: return nil
            }
        }
    }

    private mutating func finishCloseIfEmpty(_ actions: inout [Action]) {
        guard lifecycle == .closing, occupiedSlots == 0 else { return }
        lifecycle = .closed
        actions.append(.finishClose)
    }
}
