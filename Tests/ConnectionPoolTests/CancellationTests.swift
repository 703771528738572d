import CofferTesting
import Synchronization
import Testing
import Timekeeping

@testable import ConnectionPool

@Suite("Cancellation: at every moment of an acquire and of a use") struct CancellationTests {
    private let one = PoolConfiguration(maximum: 1, queueLimit: 2000)

    @Test("cancelled before the acquire: refused, and the idle connection stays where it is")
    func beforeAcquire() throws {
        try withPool(one) { fixture in
            let first = try fixture.lease()
            fixture.release(first)
            let attempt = fixture.executor.start { [pool = fixture.pool] in try await pool.lease() }
            attempt.cancel()
            fixture.run()
            #expect(attempt.poolError?.code == "cancelled")
            #expect(fixture.occupancy.idle == 1)
            #expect(fixture.counters.acquisitions == 1)
        }
    }

    @Test("cancelled between the check and the queue: the wait ends at once") func beforeEnqueue() throws {
        let clock = CancellingTime()
        let fixture = PoolFixture(one, clock: clock)
        let lease = try fixture.lease()
        // An acquire reads the clock after it has looked for a cancellation and before it enters the queue.
        for reading in 1...2 {
            clock.cancelTask(atReading: reading)
            let attempt = fixture.acquire()
            #expect(clock.hasCancelled)
            #expect(attempt.poolError?.code == "cancelled")
            #expect(fixture.occupancy.waiting == 0)
        }
        fixture.release(lease)
        fixture.release(try fixture.lease())
        fixture.tearDown(#_sourceLocation)
    }

    @Test("cancelled in the queue: the connection goes to the next waiter") func inQueue() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let cancelled = fixture.acquire()
            let next = fixture.acquire()
            cancelled.cancel()
            fixture.run()
            #expect(cancelled.poolError?.code == "cancelled")
            fixture.release(lease)
            #expect(next.value?.connection === lease.connection)
            fixture.release(next.value)
        }
    }

    @Test("cancelled at hand-off: the connection goes back unused and serves the next")
    func atHandOff() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let user = fixture.startWorking()
            let release = fixture.executor.start { try await lease.release() }
            // Runs the release, which hands off; the user's own continuation is still to run.
            fixture.executor.step()
            #expect(fixture.counters.acquisitions == 2)
            user.cancel()
            fixture.run()
            #expect(release.value != nil)
            #expect(user.poolError?.code == "cancelled")
            #expect(!lease.connection.isInterrupted)
            let next = try fixture.lease()
            #expect(next.connection === lease.connection)
            fixture.release(next)
        }
    }

    @Test("cancelled at hand-off without withConnection: the lease is the task's to give back")
    func atHandOffOfLease() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.acquire()
            fixture.executor.start { try await lease.release() }
            fixture.executor.step()
            waiter.cancel()
            fixture.run()
            #expect(waiter.value?.connection === lease.connection)
            fixture.release(waiter.value)
            #expect(fixture.occupancy.idle == 1)
        }
    }

    @Test("cancelled during the open: the connection serves the next") func duringOpen() throws {
        try withPool(one) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let cancelled = fixture.acquire()
            let next = fixture.acquire()
            cancelled.cancel()
            fixture.run()
            #expect(cancelled.poolError?.code == "cancelled")
            gate.open()
            fixture.run()
            try #expect(next.value?.connection === fixture.driver.connection(0))
            #expect(fixture.driver.opens == 1)
            fixture.release(next.value)
        }
    }

    @Test(
        "cancelled during the health check: the connection is kept if it is healthy, and closed if not",
        arguments: [true, false])
    func duringCheck(isHealthy: Bool) throws {
        try withPool(one) { fixture in
            let first = try fixture.lease()
            fixture.release(first)
            fixture.advance(by: .seconds(31))
            let gate = Gate()
            fixture.driver.script(.check) { _, _ in
                await gate.pass()
                if !isHealthy { throw FakeError.broken }
            }
            let cancelled = fixture.acquire()
            #expect(gate.arrivals == 1)
            cancelled.cancel()
            fixture.run()
            #expect(cancelled.poolError?.code == "cancelled")
            gate.open()
            fixture.run()
            #expect(first.connection.isOpen == isHealthy)
            #expect(!first.connection.isInterrupted)
            let next = try fixture.lease()
            #expect((next.connection === first.connection) == isHealthy)
            fixture.release(next)
        }
    }

    @Test("cancelled during the use: interrupted, waited for, closed, and never seen again")
    func duringUse() throws {
        try withPool(one) { fixture in
            let user = fixture.startWorking()
            let connection = try fixture.driver.connection(0)
            let next = fixture.acquire()
            user.cancel()
            #expect(connection.isInterrupted)
            #expect(fixture.occupancy.leased == 1, "the connection is in use until its work has ended")
            fixture.run()
            #expect(user.error as? FakeError == .interrupted)
            #expect(!connection.isOpen)
            try #expect(next.value?.connection === fixture.driver.connection(1))
            #expect(fixture.counters.evictions == [.cancelled: 1])
            fixture.release(next.value)
        }
    }

    @Test("a body that ends well in spite of its cancellation keeps its result, not its connection")
    func resultKept() throws {
        try withPool(one) { fixture in
            let gate = Gate()
            let user = fixture.start { [pool = fixture.pool] in
                try await pool.withConnection { connection in
                    await gate.pass()
                    return connection.number
                }
            }
            user.cancel()
            fixture.run()
            #expect(!user.isOver, "the body is waited for")
            try #expect(fixture.driver.connection(0).isOpen)
            gate.open()
            fixture.run()
            #expect(user.value == 1)
            try #expect(!fixture.driver.connection(0).isOpen)
        }
    }

    @Test("cancelled during the rollback: it ends undisturbed, and the clean connection is kept")
    func duringReset() throws {
        try withPool(one) { fixture in
            let gate = Gate()
            fixture.driver.script(.reset) { occurrence, _ in if occurrence == 0 { await gate.pass() } }
            let user = fixture.start { [pool = fixture.pool] in
                try await pool.withConnection { connection in
                    connection.state.withLock { $0.hasOpenTransaction = true }
                }
            }
            let connection = try fixture.driver.connection(0)
            #expect(gate.arrivals == 1)
            user.cancel()
            fixture.run()
            #expect(!connection.isInterrupted)
            #expect(fixture.occupancy.leased == 1)
            gate.open()
            fixture.run()
            let next = try fixture.lease()
            #expect(next.connection === connection)
            #expect(!connection.state.withLock { $0.hasOpenTransaction })
            fixture.release(next)
        }
    }

    @Test("a thousand cancelled at once: nobody is lost, and the connection is still there")
    func massCancellation() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiters = (0..<1000).map { _ in fixture.acquire() }
            let survivor = fixture.acquire()
            for waiter in waiters { waiter.cancel() }
            fixture.run()
            #expect(waiters.allSatisfy { $0.poolError?.code == "cancelled" })
            #expect(fixture.occupancy.waiting == 1)
            fixture.release(lease)
            #expect(survivor.value?.connection === lease.connection)
            fixture.release(survivor.value)
        }
    }

    @Test("an interrupted lease is closed when it comes back") func interruptedLease() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            #expect(lease.interrupt())
            #expect(lease.connection.isInterrupted)
            #expect(lease.connection.isOpen)
            fixture.release(lease)
            #expect(!lease.connection.isOpen)
            #expect(fixture.counters.evictions == [.cancelled: 1])
        }
    }

    @Test("an interrupt that comes after the release does not reach the next holder")
    func lateInterrupt() throws {
        try withPool(one) { fixture in
            let first = try fixture.lease()
            fixture.release(first)
            let second = try fixture.lease()
            #expect(second.connection === first.connection)
            #expect(!first.interrupt())
            #expect(!second.connection.isInterrupted)
            fixture.release(second)
            #expect(fixture.occupancy.idle == 1)
        }
    }
}

/// A clock that, when it is read for a chosen time, cancels the task that reads it: a way to be exactly between two
/// steps.
private final class CancellingTime: TimeSource {
    private let manual = ManualTime()
    private let readingsLeft = Mutex<Int?>(nil)

    func cancelTask(atReading reading: Int) {
        readingsLeft.withLock { $0 = reading }
    }

    var hasCancelled: Bool { readingsLeft.withLock { $0 == nil } }

    var now: MonotonicInstant {
        let isDue = readingsLeft.withLock { left in
            guard let count = left else { return false }
            left = count > 1 ? count - 1 : nil
            return count == 1
        }
        if isDue { withUnsafeCurrentTask { $0?.cancel() } }
        return manual.now
    }

    var unixTime: UnixTime { manual.unixTime }

    func sleep(until deadline: MonotonicInstant) async throws {
        try await manual.sleep(until: deadline)
    }
}
