import DequeModule
import Timekeeping

/// Names one waiting acquire; never used twice by a pool.
struct WaiterID: Hashable, Sendable {
    let number: UInt64
}

/// Acquires that wait, in the order in which they came, each of which leaves exactly once.
///
/// Whoever removes a waiter has decided what becomes of it; everyone who comes later finds it gone. The deque keeps the
/// order and the dictionary the truth, so that leaving from the middle costs no search.
struct WaiterQueue<Waiter> {
    struct Entry {
        let waiter: Waiter
        let site: AcquireSite
        let since: MonotonicInstant
        let deadline: MonotonicInstant
    }

    private var order: Deque<WaiterID> = []
    private var entries: [WaiterID: Entry] = [:]

    var count: Int { entries.count }
    var isEmpty: Bool { entries.isEmpty }

    mutating func append(_ entry: Entry, as id: WaiterID) {
        entries[id] = entry
        order.append(id)
    }

    /// Takes the one who has waited longest.
    mutating func popFirst() -> Entry? {
        while let id = order.popFirst() {
            if let entry = entries.removeValue(forKey: id) { return entry }
        }
        return nil
    }

    /// The one who has waited longest.
    var first: Waiter? { order.lazy.compactMap { entries[$0]?.waiter }.first }

    /// Takes the one who has waited longest if it is wanted.
    mutating func popFirst(where isWanted: (Waiter) -> Bool) -> (id: WaiterID, entry: Entry)? {
        while let id = order.first {
            if let index = entries.index(forKey: id) {
                guard isWanted(entries.values[index].waiter) else { return nil }
                order.removeFirst()
                return (id, entries.remove(at: index).value)
            }
            order.removeFirst()
        }
        return nil
    }

    /// Puts one back whom the queue has given away, before all others.
    mutating func prepend(_ entry: Entry, as id: WaiterID) {
        entries[id] = entry
        order.prepend(id)
    }

    /// Takes one out of turn; `nil` if it has left before.
    mutating func remove(_ id: WaiterID) -> Entry? {
        guard let entry = entries.removeValue(forKey: id) else { return nil }
        dropStaleOrder()
        return entry
    }

    /// Takes those whose deadline has come, in their order.
    mutating func removeDue(at now: MonotonicInstant) -> [Entry] {
        order.filter { entries[$0].map { $0.deadline <= now } ?? false }.compactMap { remove($0) }
    }

    /// The earliest deadline; `nil` if nobody waits.
    var firstDeadline: MonotonicInstant? { entries.values.lazy.map(\.deadline).min() }

    /// Takes all, in their order.
    mutating func removeAll() -> [Entry] {
        var all: [Entry] = []
        while let entry = popFirst() { all.append(entry) }
        return all
    }

    /// The ids that remain in the order, of those who have left included.
    var orderLength: Int { order.count }

    /// Without it, waiters that time out while nothing is ever handed off would let the order grow for ever.
    private mutating func dropStaleOrder() {
        guard order.count > 2 * entries.count + 16 else { return }
        order.removeAll { entries[$0] == nil }
    }
}

extension WaiterQueue.Entry: Sendable where Waiter: Sendable {}
