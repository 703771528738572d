import Testing
import Timekeeping

@testable import ConnectionPool

@Suite struct WaiterQueueTests {
    private let start = MonotonicInstant(nanoseconds: 0)

    private func end(_ number: UInt64) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(number) + 1) }

    private func queue(of waiters: Range<UInt64>) -> WaiterQueue<UInt64> {
        var queue = WaiterQueue<UInt64>()
        for number in waiters {
            queue.append(
                .init(waiter: number, site: AcquireSite(), since: start, deadline: end(number)),
                as: WaiterID(number: number))
        }
        return queue
    }

    @Test("waiters leave in the order in which they came") func order() {
        var queue = queue(of: 0..<1000)
        let all = queue.removeAll()
        #expect(all.map(\.waiter) == Array(0..<1000))
        #expect(queue.isEmpty)
    }

    @Test("a waiter leaves once, whoever asks second") func leavesOnce() {
        var queue = queue(of: 0..<3)
        let left = [queue.remove(WaiterID(number: 1)), queue.remove(WaiterID(number: 1)), queue.popFirst()]
        #expect(left.map { $0?.waiter } == [1, nil, 0])
        let rest = [queue.remove(WaiterID(number: 0)), queue.popFirst(), queue.popFirst()]
        #expect(rest.map { $0?.waiter } == [nil, 2, nil])
    }

    @Test("those whose deadline has come leave together, in their order, and nobody else") func due() {
        var queue = queue(of: 0..<10)
        #expect(queue.firstDeadline == end(0))
        _ = queue.remove(WaiterID(number: 2))
        #expect(queue.removeDue(at: end(4)).map(\.waiter) == [0, 1, 3, 4])
        #expect(queue.firstDeadline == end(5))
        #expect(queue.removeAll().map(\.waiter) == [5, 6, 7, 8, 9])
        #expect(queue.firstDeadline == nil)
    }

    @Test("waiters that leave out of turn leave nothing behind, even if nobody is ever served")
    func noGrowth() {
        var queue = queue(of: 0..<1)
        for number in UInt64(1)..<10_000 {
            queue.append(
                .init(waiter: number, site: AcquireSite(), since: start, deadline: end(number)),
                as: WaiterID(number: number))
            _ = queue.remove(WaiterID(number: number))
        }
        #expect(queue.count == 1)
        #expect(queue.orderLength < 32)
        let first = queue.popFirst()
        #expect(first?.waiter == 0)
    }
}
