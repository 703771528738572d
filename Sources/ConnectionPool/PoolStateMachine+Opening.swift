import Timekeeping

extension PoolStateMachine {
    /// Takes a slot for a connection that is about to be opened.
    mutating func beginOpen(now: MonotonicInstant, _ actions: inout [Action]) {
        lastSerial += 1
        let slot = PoolSlot(serial: lastSerial, phase: .opening(since: now))
        let index: Int
        if let vacant = vacantSlots.popLast() {
            index = vacant
            slots[index] = slot
        } else {
            index = slots.count
            slots.append(slot)
        }
        opening += 1
        actions.append(.open(OpenOrder(OpenPermit(slot: slotID(index)))))
    }

    /// Takes in a connection, however late: for whoever waits now, to be idle, or to be closed if there is no place
    /// left. `jitter` is the share of the lifetime, 0 to 1, that this connection is to go without.
    mutating func opened(
        _ permit: consuming OpenPermit, _ connection: PooledConnection, jitter: Double, now: MonotonicInstant
    ) -> [Action] {
        defer { assertInvariant() }
        let index = permit.spend().index
        opening -= 1
        counters.opens += 1
        lastOpenError = nil
        slots[index].connection = connection
        let lifetime = max(1, limits.lifetime - Int64(Double(limits.lifetime) * jitter))
        slots[index].expiresAt = now.advanced(byNanoseconds: lifetime)
        var actions: [Action] = []
        // One that is to be closed serves the waiter that it was opened for nevertheless: to close it first and open
        // another could go on for ever between pools that have room for one connection together.
        if slots[index].evictionMark != nil, lifecycle == .open, live < maximum, let entry = waiters.popFirst() {
            give(index, to: entry, now: now, &actions)
        } else {
            deliver(index, now: now, &actions)
        }
        return actions
    }

    /// Gives the slot of a failed open back. The first waiter, for whom the connection would have been, gets the error;
    /// each of the others gets a try of its own.
    mutating func openFailed(_ permit: consuming OpenPermit, _ error: any Error, now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        opening -= 1
        counters.openFailures += 1
        lastOpenError = error
        var actions: [Action] = []
        if let entry = waiters.popFirst() {
            actions.append(.resume(entry.waiter, .failure(.openFailed(error))))
        }
        // Nothing was opened, so there is nothing to wait for before the slot can be used again.
        vacate(permit.spend().index, &actions)
        supply(now: now, &actions)
        return actions
    }

    /// Gives the slot of an open that was refused for want of room back. Whoever waits goes on waiting for the pool's
    /// other connections; only if there are none, everyone gets the refusal.
    mutating func openAbandoned(_ permit: consuming OpenPermit, _ refusal: GrowthRefused) -> [Action] {
        defer { assertInvariant() }
        opening -= 1
        counters.opensRefused += 1
        var actions: [Action] = []
        // No other open is begun: it would be refused as well. The next acquire or close tries again.
        vacate(permit.spend().index, &actions)
        if occupiedSlots == 0 {
            for entry in waiters.removeAll() {
                actions.append(.resume(entry.waiter, .failure(.openFailed(refusal))))
            }
        }
        return actions
    }

    /// Takes in the result of a health check. A dead connection is replaced for whoever waits.
    mutating func checked(_ slot: SlotID, isHealthy: Bool, now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        leased -= 1
        var actions: [Action] = []
        if isHealthy {
            deliver(slot.index, now: now, &actions)
        } else {
            evict(slot.index, .dead, &actions)
            supply(now: now, &actions)
        }
        return actions
    }

    func slotID(_ index: Int) -> SlotID {
        SlotID(index: index, serial: slots[index].serial)
    }
}
