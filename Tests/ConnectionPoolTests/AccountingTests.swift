import CofferTesting
import Testing

@testable import ConnectionPool

@Suite("Accounting: no slot and no connection is ever lost") struct AccountingTests {
    @Test("connections are opened when they are needed, and reused") func lazyGrowth() throws {
        try withPool(PoolConfiguration(maximum: 3)) { fixture in
            #expect(fixture.driver.opens == 0)
            let first = try fixture.lease()
            let second = try fixture.lease()
            #expect(fixture.driver.opens == 2)
            fixture.release(first)
            let third = try fixture.lease()
            #expect(third.connection === first.connection)
            fixture.release(second)
            fixture.release(third)
            #expect(fixture.driver.opens == 2)
        }
    }

    @Test("an open that nobody waits for any more becomes idle and serves the next")
    func lateOpenIsAdopted() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let waiter = fixture.acquire()
            waiter.cancel()
            fixture.run()
            #expect(waiter.poolError?.code == "cancelled")
            #expect(fixture.occupancy.opening == 1)
            gate.open()
            fixture.run()
            #expect(fixture.occupancy.idle == 1)
            let lease = try fixture.lease()
            try #expect(lease.connection === fixture.driver.connection(0))
            fixture.release(lease)
        }
    }

    @Test("an open that comes back after the close is closed and refunded")
    func lateOpenAfterClose() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let gate = Gate()
        fixture.driver.script(.open) { _, _ in await gate.pass() }
        let waiter = fixture.acquire()
        let closing = fixture.close()
        #expect(waiter.poolError?.code == "pool_closed")
        #expect(!closing.isOver)
        gate.open()
        fixture.run()
        #expect(closing.value?.total == 0)
        #expect(fixture.driver.opens == 1)
        #expect(fixture.driver.connections.allSatisfy { !$0.isOpen })
        #expect(fixture.counters.evictions == [.poolClosed: 1])
        fixture.tearDown(#_sourceLocation)
    }

    @Test("an open that comes back above a lowered maximum is closed and refunded")
    func lateOpenAfterResize() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            let lease = try fixture.lease()
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let waiter = fixture.acquire()
            fixture.pool.resize(maximum: 1)
            gate.open()
            fixture.run()
            #expect(!waiter.isOver)
            #expect(fixture.occupancy.total == 1)
            try #expect(!fixture.driver.connection(1).isOpen)
            fixture.release(lease)
            #expect(waiter.value?.connection === lease.connection)
            fixture.release(waiter.value)
        }
    }

    @Test("late opens cost no slot, however often they happen") func lateOpensForEver() throws {
        try withPool(PoolConfiguration(maximum: 2, checkAfterIdle: .seconds(1000))) { fixture in
            for round in 0..<50 {
                let gate = Gate()
                fixture.driver.script(.open) { _, _ in await gate.pass() }
                let waiters = (0..<3).map { _ in fixture.acquire() }
                fixture.advance(by: .seconds(6))
                #expect(waiters.allSatisfy { $0.poolError?.code == "pool_timeout" }, "round \(round)")
                gate.open()
                fixture.run()
                #expect(fixture.occupancy.idle == 2, "round \(round)")
                fixture.pool.closeIdle()
                fixture.run()
                #expect(fixture.occupancy.total == 0, "round \(round)")
            }
            #expect(fixture.driver.opens == 100)
            #expect(fixture.driver.mostOpen == 2)
        }
    }

    @Test("the first opens fail with more waiters queued: everyone returns, nothing is counted, the next has a try")
    func firstOpensFail() throws {
        try withPool(PoolConfiguration(maximum: 3)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { occurrence, _ in
                await gate.pass()
                if occurrence < 8 { throw FakeError.refused }
            }
            let waiters = (0..<8).map { _ in fixture.acquire() }
            gate.open()
            fixture.run()
            #expect(waiters.allSatisfy { $0.poolError?.code == "open_failed" })
            #expect(fixture.occupancy.total == 0)
            #expect(fixture.driver.begun(.open) == 8)
            fixture.release(try fixture.lease())
        }
    }

    @Test("a hanging open blocks neither a release nor, for long, the slots beside it")
    func hangingOpen() throws {
        try withPool(PoolConfiguration(maximum: 4)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { occurrence, _ in if occurrence == 1 { await gate.pass() } }
            let lease = try fixture.lease()
            let first = fixture.acquire()
            let second = fixture.acquire()
            try #expect(first.value?.connection === fixture.driver.connection(1))
            #expect(!second.isOver)
            fixture.advance(by: .seconds(1))
            try #expect(second.value?.connection === fixture.driver.connection(2))
            fixture.release(lease)
            fixture.release(try fixture.lease())
            fixture.release(first.value)
            fixture.release(second.value)
            gate.open()
        }
    }

    @Test("opens that hang until the deadline do not stop those who come later")
    func hangingOpenOfPast() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { occurrence, _ in if occurrence == 0 { await gate.pass() } }
            let first = fixture.acquire(timeout: .milliseconds(500))
            fixture.advance(by: .milliseconds(500))
            #expect(first.poolError?.code == "pool_timeout")
            fixture.advance(by: .milliseconds(500))
            fixture.release(try fixture.lease())
            #expect(fixture.occupancy.opening == 1)
            gate.open()
        }
    }

    @Test("a failed open at the maximum does not lose the slot") func failedOpenAtMaximum() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            for _ in 0..<10 {
                fixture.driver.script(.open) { _, _ in throw FakeError.refused }
                #expect(fixture.acquire().poolError?.code == "open_failed")
                #expect(fixture.occupancy.total == 0)
            }
            fixture.driver.script(.open) { _, _ in }
            fixture.release(try fixture.lease())
        }
    }

    @Test("a slot is free only after the close has returned") func slotFreeAfterClose() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let gate = Gate()
            fixture.driver.script(.close) { _, _ in await gate.pass() }
            fixture.release(try fixture.lease(), after: FakeError.broken)
            let waiter = fixture.acquire()
            #expect(fixture.occupancy.closing == 1)
            #expect(fixture.driver.begun(.open) == 1)
            gate.open()
            fixture.run()
            try #expect(waiter.value?.connection === fixture.driver.connection(1))
            #expect(fixture.driver.mostOpen == 1)
            fixture.release(waiter.value)
        }
    }

    @Test("a slow close does not delay an acquire that has another slot") func slowClose() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            let gate = Gate()
            fixture.driver.script(.close) { _, _ in await gate.pass() }
            fixture.release(try fixture.lease(), after: FakeError.broken)
            fixture.release(try fixture.lease())
            #expect(fixture.occupancy.closing == 1)
            gate.open()
        }
    }

    @Test("a close that throws is counted and reported, and its slot is free") func throwingClose() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            fixture.driver.script(.close) { _, _ in throw FakeError.broken }
            fixture.release(try fixture.lease(), after: FakeError.broken)
            #expect(fixture.counters.closeFailures == 1)
            #expect(fixture.counters.closes == 1)
            #expect(fixture.observer.count { if case .closeFailed = $0 { true } else { false } } == 1)
            fixture.release(try fixture.lease())
        }
    }

    @Test("the maximum lowered while busy: leases are left to work, and closed as they come back")
    func lowered() throws {
        try withPool(PoolConfiguration(maximum: 4)) { fixture in
            let leases = try (0..<4).map { _ in try fixture.lease() }
            fixture.release(leases[3])
            fixture.pool.resize(maximum: 2)
            fixture.run()
            #expect(fixture.occupancy.total == 3)
            #expect(!leases[3].connection.isOpen)
            fixture.release(leases[0])
            #expect(!leases[0].connection.isOpen)
            fixture.release(leases[1])
            #expect(leases[1].connection.isOpen)
            let again = try fixture.lease()
            #expect(again.connection === leases[1].connection)
            let waiter = fixture.acquire()
            #expect(!waiter.isOver)
            fixture.release(again)
            fixture.release(leases[2])
            fixture.release(waiter.value)
            #expect(fixture.occupancy.idle == 2)
        }
    }

    @Test("a raised maximum serves those who wait at once") func raised() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let lease = try fixture.lease()
            let waiters = (0..<2).map { _ in fixture.acquire() }
            fixture.pool.resize(maximum: 3)
            fixture.run()
            #expect(waiters.allSatisfy { $0.value != nil })
            for waiter in waiters { fixture.release(waiter.value) }
            fixture.release(lease)
        }
    }

    @Test("a spike of 50 short leases opens no more than the maximum, and only as many as wait")
    func spike() throws {
        try withPool(PoolConfiguration(maximum: 4)) { fixture in
            let users = (0..<50).map { _ in
                fixture.executor.start { [pool = fixture.pool] in
                    try await pool.withConnection { _ in await Task.yield() }
                }
            }
            fixture.run()
            #expect(users.allSatisfy { $0.value != nil })
            #expect(fixture.driver.opens == 4)
            #expect(fixture.driver.begun(.open) == 4)
            #expect(fixture.counters.acquisitions == 50)
        }
    }

    @Test("a driver without room for another connection leaves the waiter to those there are")
    func growthRefused() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            fixture.driver.script(.open) { occurrence, _ in if occurrence > 0 { throw GrowthRefused() } }
            let lease = try fixture.lease()
            let waiter = fixture.acquire()
            #expect(!waiter.isOver)
            #expect(fixture.counters.opensRefused == 1)
            fixture.release(lease)
            #expect(waiter.value?.connection === lease.connection)
            fixture.release(waiter.value)
        }
    }
}
