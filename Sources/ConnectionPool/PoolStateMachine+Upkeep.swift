import Timekeeping

extension PoolStateMachine {
    /// Closes idle connections whose time is over, opens what is missing to the minimum, and looks for leaks.
    mutating func maintain(now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        guard lifecycle == .open else { return reportLeaks(now: now) }
        var actions: [Action] = []
        evictExpired(now: now, &actions)
        let idleTimeout = limits.idleTimeout
        evictIdle(.idleTimeout, leaving: limits.minimum, &actions) { slot in
            slot.idleSince.map { now.nanoseconds(since: $0) >= idleTimeout } ?? false
        }
        while live < min(limits.minimum, maximum), occupiedSlots < maximum {
            beginOpen(now: now, &actions)
        }
        supply(now: now, &actions)
        return actions + reportLeaks(now: now)
    }

    /// Closes idle connections, and marks the others to be closed when they have served whom they serve or are opened
    /// for, until only the minimum is left.
    mutating func closeIdle() -> [Action] {
        defer { assertInvariant() }
        var actions: [Action] = []
        evictIdle(.released, leaving: limits.minimum, &actions) { _ in true }
        var surplus = live - limits.minimum
        for index in slots.indices where surplus > 0 {
            switch slots[index].phase {
            case .opening, .checking, .leased, .resetting:
                slots[index].evictionMark = slots[index].evictionMark ?? .released
                surplus -= 1
            case .vacant, .idle, .closing: break
            }
        }
        return actions
    }

    /// Changes the maximum. What is above it is closed at once if it is idle, and otherwise when it comes back.
    mutating func resize(maximum newMaximum: Int, now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        maximum = newMaximum
        ceiling = max(maximum, occupiedSlots)
        var actions: [Action] = []
        evictIdle(.resized, leaving: maximum, &actions) { _ in true }
        supply(now: now, &actions)
        return actions
    }

    private mutating func evictExpired(now: MonotonicInstant, _ actions: inout [Action]) {
        for (index, since) in takeIdle() {
            if now >= slots[index].expiresAt {
                evict(index, .lifetime, &actions)
            } else {
                putIdle(index, since: since)
            }
        }
    }

    /// Closes idle connections that `isDue` names, those idle for longest first, while more than `remaining` are live.
    private mutating func evictIdle(
        _ reason: EvictionReason, leaving remaining: Int, _ actions: inout [Action], where isDue: (PoolSlot) -> Bool
    ) {
        var surplus = live - remaining
        for (index, since) in takeIdle() {
            if surplus > 0, isDue(slots[index]) {
                evict(index, reason, &actions)
                surplus -= 1
            } else {
                putIdle(index, since: since)
            }
        }
    }

    private mutating func reportLeaks(now: MonotonicInstant) -> [Action] {
        var actions: [Action] = []
        for index in slots.indices {
            guard case .leased(var record) = slots[index].phase, !record.isSuspected else { continue }
            let age = now.nanoseconds(since: record.since)
            guard age > limits.leakThreshold else { continue }
            record.isSuspected = true
            slots[index].phase = .leased(record)
            suspectedLeaks += 1
            counters.leaks += 1
            actions.append(.leakSuspected(LeakReport(site: record.site, age: .nanoseconds(age))))
        }
        return actions
    }
}
