import Testing

@testable import ConnectionPool

@Suite("The order of idle connections") struct IdleOrderTests {
    @Test("the most recently used connection is reused first") func lastInFirstOut() throws {
        var (pool, slots) = try poolWithThreeIdle()
        #expect(pool.leaseIdle(3) == slots.reversed())
    }

    @Test("upkeep, and a maximum that leaves room for all, change nothing about it") func orderAfterUpkeep() throws {
        var (pool, slots) = try poolWithThreeIdle()
        pool.take(pool.machine.maintain(now: pool.now))
        pool.take(pool.machine.resize(maximum: 3, now: pool.now))
        #expect(pool.closes.isEmpty)
        #expect(pool.leaseIdle(3) == slots.reversed())
    }

    @Test("a lowered maximum closes the connection that has been idle longest, after upkeep too")
    func loweredMaximum() throws {
        var (pool, slots) = try poolWithThreeIdle()
        pool.take(pool.machine.maintain(now: pool.now))
        pool.take(pool.machine.resize(maximum: 2, now: pool.now))
        #expect(pool.closes.map(\.slot.index) == [slots[0]])
        #expect(pool.leaseIdle(2) == [slots[2], slots[1]])
    }

    /// A pool of three idle connections, and their slots: the one that has been idle longest first.
    private func poolWithThreeIdle() throws -> (pool: MachineFixture, slots: [Int]) {
        var pool = MachineFixture(PoolConfiguration(maximum: 3))
        for waiter in 1...3 {
            try pool.acquire(waiter)
            try pool.open()
        }
        let grants = [1, 0, 2].map { pool.given[$0].grant }
        for grant in grants {
            pool.release(grant)
            pool.advance(by: .seconds(1))
        }
        return (pool, grants.map(\.ticket.index))
    }
}

extension MachineFixture {
    /// Leases idle connections, and tells their slots in the order they come.
    fileprivate mutating func leaseIdle(_ count: Int) -> [Int?] {
        (0..<count).map { _ in machine.leaseIdle(site: AcquireSite(), now: now)?.ticket.index }
    }
}
