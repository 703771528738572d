import Timekeeping

extension PoolStateMachine {
    /// Leases the most recently used idle connection if that can be done here and now: nobody waits, and the connection
    /// needs neither a check nor a replacement.
    mutating func leaseIdle(site: AcquireSite, now: MonotonicInstant) -> Grant? {
        defer { assertInvariant() }
        guard lifecycle == .open, waiters.isEmpty, let index = latestIdle,
            now < slots[index].expiresAt, !needsCheck(index, now: now)
        else { return nil }
        _ = popIdle()
        return lease(index, site: site, since: now, now: now)
    }

    /// Puts an acquire into the queue and starts whatever it needs. The waiter may be resumed by one of the returned
    /// actions; an error means that it was not taken into the queue.
    mutating func enqueue(
        _ waiter: Waiter, as id: WaiterID, site: AcquireSite, deadline: MonotonicInstant, now: MonotonicInstant
    ) -> Result<[Action], PoolError> {
        defer { assertInvariant() }
        guard lifecycle == .open else { return .failure(.closed) }
        guard waiters.count - obtainable < limits.queueLimit else {
            counters.queueRefusals += 1
            return .failure(.queueFull(occupancy))
        }
        guard now < deadline else {
            counters.timeouts += 1
            return .failure(timeout)
        }
        waiters.append(.init(waiter: waiter, site: site, since: now, deadline: deadline), as: id)
        var actions: [Action] = []
        supply(now: now, &actions)
        if !waiters.isEmpty { setAlarm(for: deadline, now: now, &actions) }
        return .success(actions)
    }

    /// Ends the waits whose deadline has come, and begins another open or check for waiters whose own has been under
    /// way for too long. An alarm that was overtaken by an earlier one does nothing.
    mutating func ring(_ order: AlarmOrder, now: MonotonicInstant) -> [Action] {
        defer { assertInvariant() }
        guard alarm == order else { return [] }
        alarm = nil
        let error = timeout
        var actions: [Action] = waiters.removeDue(at: now).map { .resume($0.waiter, .failure(error)) }
        counters.timeouts += actions.count
        supply(now: now, &actions)
        if let deadline = waiters.firstDeadline { setAlarm(for: deadline, now: now, &actions) }
        return actions
    }

    /// The alarm, if there is one although nobody waits. While connections are in use it stays, for whoever waits next:
    /// where waits are short and many, to begin and end one for each would cost more than the waits.
    mutating func takeUnneededAlarm() -> AlarmOrder? {
        guard let order = alarm, waiters.isEmpty, leased == 0 || lifecycle != .open else { return nil }
        alarm = nil
        return order
    }

    /// Ends a wait because its task was cancelled, unless the waiter has left the queue before.
    mutating func cancel(_ id: WaiterID) -> [Action] {
        defer { assertInvariant() }
        guard let entry = waiters.remove(id) else { return [] }
        counters.cancellations += 1
        return [.resume(entry.waiter, .failure(.cancelled))]
    }

    /// Makes a slot the one that is leased. The caller has taken it out of the list it was in.
    mutating func lease(_ index: Int, site: AcquireSite, since: MonotonicInstant, now: MonotonicInstant) -> Grant {
        lastLeaseNumber += 1
        leased += 1
        slots[index].phase = .leased(LeaseRecord(number: lastLeaseNumber, site: site, since: now))
        return Grant(
            ticket: LeaseTicket(index: index, number: lastLeaseNumber), connection: slots[index].connection!,
            waited: now.nanoseconds(since: since))
    }

    mutating func give(
        _ index: Int, to entry: WaiterQueue<Waiter>.Entry, now: MonotonicInstant, _ actions: inout [Action]
    ) {
        let grant = lease(index, site: entry.site, since: entry.since, now: now)
        actions.append(.resume(entry.waiter, .success(grant)))
    }

    /// Asks to be called at a deadline, or when the patience with an open ends, unless an earlier call has been asked
    /// for: one alarm serves all who wait.
    mutating func setAlarm(for deadline: MonotonicInstant, now: MonotonicInstant, _ actions: inout [Action]) {
        let wanted = min(deadline, now.advanced(byNanoseconds: limits.openPatience))
        if let alarm, alarm.instant <= wanted { return }
        lastAlarmNumber += 1
        let order = AlarmOrder(number: lastAlarmNumber, instant: wanted)
        alarm = order
        actions.append(.setAlarm(order))
    }

    /// Connections that waiters can get without anyone's giving one back.
    private var obtainable: Int {
        let checking = slots.count { $0.isBeingChecked(after: MonotonicInstant(nanoseconds: .min)) }
        return idle + opening + checking + max(0, maximum - occupiedSlots)
    }

    private var timeout: PoolError { .timeout(occupancy, lastOpenError: lastOpenError) }
}
