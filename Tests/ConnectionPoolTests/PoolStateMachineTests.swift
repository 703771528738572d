import Testing
import Timekeeping

@testable import ConnectionPool

@Suite struct PoolStateMachineTests {
    @Test("a connection is counted from before its open until after its close") func counted() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 1))
        try pool.acquire(1)
        #expect(pool.machine.occupancy.description == line(opening: 1, waiting: 1))
        try pool.open()
        #expect(pool.machine.occupancy.description == line(leased: 1))
        let grant = pool.given[0].grant
        _ = pool.machine.beginRelease(grant.ticket, evicting: nil)
        #expect(pool.machine.occupancy.description == line(leased: 1))
        pool.take(pool.machine.finishRelease(grant.ticket, evicting: nil, now: pool.now).actions)
        #expect(pool.machine.occupancy.description == line(idle: 1))
        pool.take(pool.machine.closeIdle())
        #expect(pool.machine.occupancy.description == line(closing: 1))
        try pool.finishClose()
        #expect(pool.machine.occupancy.description == line())
    }

    @Test("no more connections are being opened than there are waiters to need them")
    func opensWhatIsNeeded() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 10))
        for waiter in 1...3 {
            try pool.acquire(waiter)
            #expect(pool.machine.opening == waiter)
        }
        pool.take(pool.machine.cancel(WaiterID(number: 3)))
        try pool.acquire(4)
        #expect(pool.machine.opening == 3)
        for _ in 1...3 { try pool.open() }
        #expect(pool.given.map(\.waiter) == [1, 2, 4])
    }

    @Test("a failed open ends the wait of the first waiter, and the next gets a try of its own")
    func failedOpen() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 1))
        for waiter in 1...3 { try pool.acquire(waiter) }
        try pool.failOpen()
        #expect(pool.refused.map(\.waiter) == [1])
        #expect(pool.refused.first?.error.code == "open_failed")
        #expect(pool.orders.count == 1)
        try pool.open()
        #expect(pool.given.map(\.waiter) == [2])
    }

    @Test("a refused open leaves the waiters to the connections that are there")
    func refusedGrowth() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 2))
        try pool.acquire(1)
        try pool.open()
        try pool.acquire(2)
        try pool.refuseOpen()
        #expect(pool.refused.isEmpty)
        #expect(pool.orders.isEmpty, "a refused open is not begun again at once")
        pool.release(pool.given[0].grant)
        #expect(pool.given.map(\.waiter) == [1, 2])
    }

    @Test("a refused open ends all waits of a pool that has no other connection")
    func refusedFirstConnection() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 1))
        for waiter in 1...3 { try pool.acquire(waiter) }
        try pool.refuseOpen()
        #expect(pool.refused.map(\.waiter) == [1, 2, 3])
        #expect(pool.refused.allSatisfy { if case .openFailed(is GrowthRefused) = $0.error { true } else { false } })
        #expect(pool.machine.occupiedSlots == 0)
    }

    @Test("growth that was refused is tried again when a connection has been closed")
    func growthAfterClose() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 2))
        try pool.acquire(1)
        try pool.open()
        try pool.acquire(2)
        try pool.refuseOpen()
        pool.release(pool.given[0].grant, evicting: .broken)
        #expect(pool.orders.count == 1)
        try pool.refuseOpen()
        #expect(pool.refused.isEmpty, "the connection that is being closed still makes room")
        try pool.finishClose()
        try pool.open()
        #expect(pool.given.map(\.waiter) == [1, 2])
    }

    @Test("hand-off first, deadline second: the waiter has the connection")
    func handOffThenDeadline() throws {
        var pool = try poolWithOneWaiter()
        pool.release(pool.given[0].grant)
        pool.passDeadlines()
        #expect(pool.given.map(\.waiter) == [1, 2])
        #expect(pool.refused.isEmpty)
        #expect(pool.machine.counters.timeouts == 0)
    }

    @Test("deadline first, hand-off second: the connection stays in the pool")
    func deadlineThenHandOff() throws {
        var pool = try poolWithOneWaiter()
        pool.passDeadlines()
        pool.release(pool.given[0].grant)
        #expect(pool.given.map(\.waiter) == [1])
        #expect(pool.refused.map(\.waiter) == [2])
        #expect(pool.machine.occupancy.description == line(idle: 1))
    }

    @Test("hand-off and cancellation at the same instant, both orders") func handOffAndCancel() throws {
        var first = try poolWithOneWaiter()
        first.release(first.given[0].grant)
        first.take(first.machine.cancel(WaiterID(number: 2)))
        #expect(first.given.map(\.waiter) == [1, 2])
        #expect(first.refused.isEmpty)

        var second = try poolWithOneWaiter()
        second.take(second.machine.cancel(WaiterID(number: 2)))
        second.release(second.given[0].grant)
        #expect(second.refused.map(\.waiter) == [2])
        #expect(second.machine.occupancy.description == line(idle: 1))
    }

    @Test("a lowered maximum is exceeded by exactly what has not gone yet") func ceiling() throws {
        var pool = MachineFixture(PoolConfiguration(maximum: 4))
        for waiter in 1...4 {
            try pool.acquire(waiter)
            try pool.open()
        }
        pool.take(pool.machine.resize(maximum: 2, now: pool.now))
        try pool.acquire(5)
        #expect(pool.machine.ceiling == 4)
        pool.release(pool.given[0].grant)
        pool.release(pool.given[1].grant)
        #expect(pool.machine.occupancy.description == line(leased: 2, closing: 2, waiting: 1, maximum: 2))
        try pool.finishClose()
        #expect(pool.machine.ceiling == 3)
        try pool.finishClose()
        #expect(pool.machine.ceiling == 2)
        #expect(pool.orders.isEmpty)
        pool.release(pool.given[2].grant)
        #expect(pool.given.map(\.waiter) == [1, 2, 3, 4, 5])
    }

    @Test("a slot is not used again before its close has returned") func slotAfterClose() throws {
        var pool = try poolWithOneWaiter()
        pool.release(pool.given[0].grant, evicting: .broken)
        #expect(pool.orders.isEmpty)
        try pool.finishClose()
        #expect(pool.orders.count == 1)
        try pool.open()
        #expect(pool.given.map(\.waiter) == [1, 2])
    }

    @Test("a lease can be given back once, even after its slot has been used again")
    func oneRelease() throws {
        var pool = try poolWithOneWaiter()
        let lease = pool.given[0].grant
        pool.release(lease)
        #expect(pool.given[1].grant.ticket.index == lease.ticket.index)
        let secondRelease = pool.machine.beginRelease(lease.ticket, evicting: nil)
        #expect(secondRelease == nil)
        let interrupted = pool.machine.markInterrupted(lease.ticket)
        #expect(!interrupted)
        #expect(pool.machine.occupancy.description == line(leased: 1))
    }

    /// A pool of one whose connection waiter 1 has and waiter 2 waits for.
    private func poolWithOneWaiter() throws -> MachineFixture {
        var pool = MachineFixture(PoolConfiguration(maximum: 1))
        try pool.acquire(1)
        try pool.open()
        try pool.acquire(2)
        return pool
    }

    private func line(
        idle: Int = 0, leased: Int = 0, opening: Int = 0, closing: Int = 0, waiting: Int = 0, maximum: Int = 1
    ) -> String {
        var occupancy = PoolOccupancy()
        occupancy.idle = idle
        occupancy.leased = leased
        occupancy.opening = opening
        occupancy.closing = closing
        occupancy.waiting = waiting
        occupancy.maximum = maximum
        return occupancy.description
    }
}
