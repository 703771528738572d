extension PoolStateMachine {
    /// Stops a debug build whose transition has broken the invariant.
    func assertInvariant() {
        assert(invariantViolation == nil, invariantViolation ?? "")
    }

    /// What is wrong with the state, if anything.
    ///
    /// Each connection sits in exactly one of idle, leased, opening and closing; together they are the slots, of
    /// which there are at most the maximum. While a lowered maximum is exceeded there are exactly as many as have not
    /// gone yet, and never one more.
    var invariantViolation: String? {
        var idle = 0
        var leased = 0
        var opening = 0
        var closing = 0
        for slot in slots {
            let needsConnection: Bool
            switch slot.phase {
            case .vacant, .opening: needsConnection = false
            default: needsConnection = true
            }
            if needsConnection != (slot.connection != nil) { return "a \(slot.phase) slot with the wrong connection" }
            switch slot.phase {
            case .vacant: break
            case .opening: opening += 1
            case .idle: idle += 1
            case .checking, .leased, .resetting: leased += 1
            case .closing: closing += 1
            }
        }
        if idle != self.idle || leased != self.leased || opening != self.opening || closing != self.closing {
            return "the counts \(occupancy) are not those of the slots"
        }
        if let problem = idleListProblem { return problem }
        if idle + leased + opening + closing != slots.count - vacantSlots.count { return "a slot was lost" }
        if occupiedSlots > ceiling { return "\(occupiedSlots) slots where \(ceiling) are allowed" }
        if ceiling > maximum && ceiling != occupiedSlots { return "the ceiling \(ceiling) is above what is left" }
        if lifecycle != .open && !(waiters.isEmpty && idle == 0) {
            return "a closed pool still keeps something"
        }
        if lifecycle == .closed && occupiedSlots > 0 { return "the close ended early" }
        if occupiedSlots == 0 && !waiters.isEmpty { return "someone waits and nothing is under way" }
        return nil
    }

    private var idleListProblem: String? {
        var listed: Set<Int> = []
        var next = latestIdle
        while let index = next {
            guard listed.insert(index).inserted else { return "a connection is idle twice" }
            guard case .idle(_, let before) = slots[index].phase else {
                return "a \(slots[index].phase) slot is among the idle ones"
            }
            next = before
        }
        return listed.count == idle ? nil : "an idle connection was lost"
    }
}
