import CofferTesting
import Testing

@testable import ConnectionPool

@Suite("Shutdown: nothing is left, whatever was under way") struct ShutdownTests {
    @Test("a closed pool refuses everyone, at once") func refuses() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        fixture.release(try fixture.lease())
        #expect(fixture.close().value?.total == 0)
        #expect(fixture.acquire().poolError?.code == "pool_closed")
        #expect(fixture.pool.leaseIfIdle() == nil)
        fixture.pool.maintain()
        fixture.pool.closeIdle()
        fixture.pool.resize(maximum: 5)
        fixture.run()
        #expect(fixture.driver.begun(.open) == 1)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("close during an open: the connection that comes is closed") func duringOpen() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 2))
        let gate = Gate()
        fixture.driver.script(.open) { _, _ in await gate.pass() }
        let waiters = (0..<3).map { _ in fixture.acquire() }
        let closing = fixture.close()
        #expect(waiters.allSatisfy { $0.poolError?.code == "pool_closed" })
        #expect(!closing.isOver)
        gate.open()
        fixture.run()
        #expect(closing.value?.total == 0)
        #expect(fixture.driver.opens == 2)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("close during an open that fails, and during a check") func duringFailure() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 2))
        fixture.release(try fixture.lease())
        fixture.advance(by: .seconds(31))
        let gate = Gate()
        fixture.driver.script(.check) { _, _ in await gate.pass() }
        fixture.driver.script(.open) { _, _ in
            await gate.pass()
            throw FakeError.refused
        }
        let waiters = (0..<2).map { _ in fixture.acquire() }
        #expect(gate.arrivals == 2)
        let closing = fixture.close()
        #expect(waiters.allSatisfy { $0.poolError?.code == "pool_closed" })
        gate.open()
        fixture.run()
        #expect(closing.value?.total == 0)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("close with waiters and leases out: waiters are refused, leases work on and are closed on return")
    func leasesOut() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let lease = try fixture.lease()
        let waiter = fixture.acquire()
        let closing = fixture.close(deadline: .seconds(10))
        #expect(waiter.poolError?.code == "pool_closed")
        fixture.advance(by: .seconds(9))
        #expect(!closing.isOver)
        #expect(!lease.connection.isInterrupted)
        fixture.release(lease)
        #expect(closing.value?.total == 0)
        #expect(!lease.connection.isOpen)
        #expect(fixture.driver.begun(.reset) == 0, "what is closed needs no reset")
        fixture.tearDown(#_sourceLocation)
    }

    @Test("after the deadline what is in use is interrupted") func interrupts() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 2))
        let users = (0..<2).map { _ in fixture.startWorking() }
        let closing = fixture.close(deadline: .seconds(10))
        fixture.advance(by: .seconds(10))
        #expect(users.allSatisfy { $0.error as? FakeError == .interrupted })
        #expect(closing.value?.total == 0)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("what does not come back in spite of the interrupt is reported, and closed when it does")
    func stubborn() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 2))
        let lease = try fixture.lease()
        let other = try fixture.lease()
        let closing = fixture.close(deadline: .seconds(10))
        fixture.release(other)
        fixture.advance(by: .seconds(10))
        #expect(lease.connection.isInterrupted)
        #expect(!closing.isOver)
        fixture.advance(by: .seconds(5))
        #expect(closing.value?.leased == 1)
        #expect(closing.value?.total == 1)
        fixture.release(lease)
        #expect(!lease.connection.isOpen)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("closing twice is fine: both wait for the same end") func twice() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let gate = Gate()
        fixture.driver.script(.close) { _, _ in await gate.pass() }
        fixture.release(try fixture.lease())
        let first = fixture.close()
        let second = fixture.close()
        #expect(!first.isOver)
        #expect(!second.isOver)
        gate.open()
        fixture.run()
        #expect(first.value?.total == 0)
        #expect(second.value?.total == 0)
        #expect(fixture.close().value?.total == 0)
        #expect(fixture.driver.begun(.close) == 1)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("a lease released after the close is closed, never pooled") func releaseAfterClose() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let lease = try fixture.lease()
        let closing = fixture.close(deadline: .zero)
        fixture.advance(by: .seconds(5))
        #expect(closing.value?.leased == 1)
        fixture.release(lease)
        #expect(!lease.connection.isOpen)
        #expect(fixture.occupancy.total == 0)
        fixture.tearDown(#_sourceLocation)
    }

    @Test("cancelling the task that closes does not end the close") func cancelledClose() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let lease = try fixture.lease()
        let closing = fixture.close()
        closing.cancel()
        fixture.run()
        #expect(!closing.isOver)
        fixture.release(lease)
        #expect(closing.value?.total == 0)
        fixture.tearDown(#_sourceLocation)
    }
}
