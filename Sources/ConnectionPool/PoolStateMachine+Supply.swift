import Timekeeping

extension PoolStateMachine {
    /// Sees to it that for each waiter a connection is being checked or opened, as far as there are idle ones and room.
    mutating func supply(now: MonotonicInstant, _ actions: inout [Action]) {
        guard lifecycle == .open, !waiters.isEmpty else { return }
        let patienceBegan = now.advanced(byNanoseconds: -limits.openPatience)
        var checking = slots.count { $0.isBeingChecked(after: patienceBegan) }
        while waiters.count > checking, let index = popIdle() {
            if now >= slots[index].expiresAt {
                evict(index, .lifetime, &actions)
            } else if needsCheck(index, now: now) {
                slots[index].phase = .checking(since: now)
                leased += 1
                checking += 1
                actions.append(.check(slotID(index), slots[index].connection!))
            } else if let entry = waiters.popFirst() {
                give(index, to: entry, now: now, &actions)
            }
        }
        var arriving = slots.count { $0.isArriving(after: patienceBegan) }
        while waiters.count > arriving, occupiedSlots < maximum {
            beginOpen(now: now, &actions)
            arriving += 1
        }
    }

    /// Hands a connection that is ready for use, and in no list, to the first waiter, or keeps it idle, or lets it go.
    mutating func deliver(_ index: Int, now: MonotonicInstant, _ actions: inout [Action]) {
        if let reason = reasonToLetGo(index, now: now) {
            evict(index, reason, &actions)
            supply(now: now, &actions)
        } else if !waiters.isEmpty, let entry = waiters.popFirst() {
            give(index, to: entry, now: now, &actions)
        } else {
            putIdle(index, since: now)
        }
    }

    func needsCheck(_ index: Int, now: MonotonicInstant) -> Bool {
        guard let since = slots[index].idleSince else { return false }
        return now.nanoseconds(since: since) > limits.checkAfterIdle
    }

    private func reasonToLetGo(_ index: Int, now: MonotonicInstant) -> EvictionReason? {
        if lifecycle != .open { return .poolClosed }
        if let mark = slots[index].evictionMark { return mark }
        // The connection in hand is in no count, so it is one more than `live`.
        if live >= maximum { return .resized }
        return now >= slots[index].expiresAt ? .lifetime : nil
    }
}
