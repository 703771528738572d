import Timekeeping

/// The idle slots are a list through the slots themselves, so that a lease finds it where it looks anyway.
extension PoolStateMachine {
    /// Makes a slot the one that became idle last.
    mutating func putIdle(_ index: Int, since: MonotonicInstant) {
        slots[index].phase = .idle(since: since, before: latestIdle)
        latestIdle = index
        idle += 1
    }

    /// Takes the slot that became idle last out of the list; the caller gives it another phase.
    mutating func popIdle() -> Int? {
        guard let index = latestIdle, case .idle(_, let before) = slots[index].phase else { return nil }
        latestIdle = before
        idle -= 1
        return index
    }

    /// Takes all idle slots out of the list, those that have been idle longest first.
    mutating func takeIdle() -> [(index: Int, since: MonotonicInstant)] {
        var all: [(index: Int, since: MonotonicInstant)] = []
        while let index = popIdle() {
            all.append((index, slots[index].idleSince!))
        }
        return all.reversed()
    }
}
