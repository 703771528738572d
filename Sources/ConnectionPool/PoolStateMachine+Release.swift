import Timekeeping

/// What becomes of a lease that is given back.
enum ReleaseStep: Sendable {
    /// The connection is to be reset before anyone else can have it.
    case reset
    /// The connection will be closed for the given reason; a reset would be wasted.
    case evict(EvictionReason)
}

extension PoolStateMachine {
    /// Ends the holder's right to a connection, which stays counted as leased until ``finishRelease(_:evicting:now:)``.
    /// `nil` if the lease has been given back before.
    mutating func beginRelease(_ ticket: LeaseTicket, evicting reason: EvictionReason?) -> ReleaseStep? {
        defer { assertInvariant() }
        guard let record = record(of: ticket) else { return nil }
        slots[ticket.index].phase = .resetting(record)
        if let reason = slots[ticket.index].evictionMark ?? reason { return .evict(reason) }
        return lifecycle == .open ? .reset : .evict(.poolClosed)
    }

    /// Hands a connection on after its reset, or closes it for the given reason. `ticket` has passed `beginRelease`,
    /// and comes here once. Returns also the nanoseconds since the lease was given.
    mutating func finishRelease(
        _ ticket: LeaseTicket, evicting reason: EvictionReason?, now: MonotonicInstant
    ) -> (used: Int64, actions: [Action]) {
        defer { assertInvariant() }
        guard case .resetting(let record) = slots[ticket.index].phase else {
            preconditionFailure("a release ended that had not begun")
        }
        leased -= 1
        var actions: [Action] = []
        let used = now.nanoseconds(since: record.since)
        if record.isSuspected {
            suspectedLeaks -= 1
            actions.append(.leakEnded(LeakReport(site: record.site, age: .nanoseconds(used))))
        }
        if let reason {
            evict(ticket.index, reason, &actions)
            supply(now: now, &actions)
        } else {
            deliver(ticket.index, now: now, &actions)
        }
        return (used, actions)
    }

    /// Both at once, for a connection whose reset is over, and for a lease that nobody else can give back. A connection
    /// that was marked meanwhile is closed all the same.
    mutating func release(
        _ ticket: LeaseTicket, evicting reason: EvictionReason?, now: MonotonicInstant
    ) -> (used: Int64, actions: [Action]) {
        switch beginRelease(ticket, evicting: reason) {
        case .reset: finishRelease(ticket, evicting: nil, now: now)
        case .evict(let reason): finishRelease(ticket, evicting: reason, now: now)
        case nil: preconditionFailure("a lease was given back twice")
        }
    }

    /// Marks a leased connection so that it is closed when it comes back; false if it has come back.
    ///
    /// The mark comes before the interrupt itself: one that arrives after the holder has released hits a connection
    /// that nobody will ever use again.
    mutating func markInterrupted(_ ticket: LeaseTicket) -> Bool {
        guard record(of: ticket) != nil else { return false }
        slots[ticket.index].evictionMark = .cancelled
        return true
    }

    /// Marks the connection whose lease has been out for longest, so that it is closed when it comes back; `nil` if all
    /// that are leased have been interrupted already.
    mutating func markOldest(_ reason: EvictionReason) -> PooledConnection? {
        var oldest: (index: Int, since: MonotonicInstant)?
        for index in slots.indices {
            guard case .leased(let record) = slots[index].phase, slots[index].evictionMark != reason,
                slots[index].evictionMark != .cancelled
            else { continue }
            if oldest.map({ record.since < $0.since }) ?? true { oldest = (index, record.since) }
        }
        guard let oldest else { return nil }
        slots[oldest.index].evictionMark = reason
        return slots[oldest.index].connection
    }

    private func record(of ticket: LeaseTicket) -> LeaseRecord? {
        guard case .leased(let record) = slots[ticket.index].phase, record.number == ticket.number else { return nil }
        return record
    }
}
