import CofferTesting
import Synchronization
import Testing
import Timekeeping

@testable import ConnectionPool

@Suite("Waiters: first come, first served, and nobody swallows a connection") struct WaiterTests {
    private let one = PoolConfiguration(maximum: 1, queueLimit: 2000)

    @Test("a thousand waiters are served in their order") func order() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let served = Mutex<[Int]>([])
            let users = (0..<1000).map { number in
                fixture.start { [pool = fixture.pool] in
                    try await pool.withConnection { _ in served.withLock { $0.append(number) } }
                }
            }
            fixture.release(lease)
            #expect(users.allSatisfy { $0.value != nil })
            #expect(served.withLock { $0 } == Array(0..<1000))
            #expect(fixture.driver.opens == 1)
        }
    }

    @Test("a newcomer does not overtake someone who waits") func noOvertaking() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.acquire()
            let newcomer = fixture.acquire()
            fixture.release(lease)
            #expect(waiter.value != nil)
            #expect(!newcomer.isOver)
            #expect(fixture.pool.leaseIfIdle() == nil)
            fixture.release(waiter.value)
            fixture.release(newcomer.value)
        }
    }

    @Test("a waiter that has timed out does not swallow a connection") func timedOutWaiter() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let late = fixture.acquire(timeout: .seconds(1))
            let patient = fixture.acquire(timeout: .seconds(5))
            fixture.advance(by: .seconds(1))
            #expect(late.poolError?.code == "pool_timeout")
            fixture.release(lease)
            #expect(patient.value?.connection === lease.connection)
            fixture.release(patient.value)
        }
    }

    @Test(
        "a hand-off and a deadline at the same instant: whoever is first decides, and nothing is lost",
        arguments: [true, false])
    func handOffAtDeadline(handOffFirst: Bool) throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.acquire(timeout: .seconds(1))
            // Both are ready to run; the executor runs them in this order.
            let release: Attempt<Void>
            if handOffFirst {
                release = fixture.executor.start { try await lease.release() }
                fixture.time.advance(by: .seconds(1))
            } else {
                fixture.time.advance(by: .seconds(1))
                release = fixture.executor.start { try await lease.release() }
            }
            fixture.run()
            #expect(release.value != nil)
            if handOffFirst {
                #expect(waiter.value?.connection === lease.connection)
                fixture.release(waiter.value)
            } else {
                #expect(waiter.poolError?.code == "pool_timeout")
            }
            let next = try fixture.lease()
            #expect(next.connection === lease.connection)
            fixture.release(next)
        }
    }

    @Test("no waiter times out early, and none late") func exactDeadline() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiters = [1, 2, 3].map { fixture.acquire(timeout: .seconds($0)) }
            for second in 1...3 {
                fixture.advance(by: .seconds(1) - .nanoseconds(1))
                #expect(waiters.map(\.isOver) == [1, 2, 3].map { $0 < second })
                fixture.advance(by: .nanoseconds(1))
                #expect(waiters.map(\.isOver) == [1, 2, 3].map { $0 <= second })
            }
            fixture.release(lease)
        }
    }

    @Test("the deadline covers queue, open and check together, and its error says how things stood")
    func oneDeadline() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { occurrence, _ in
                switch occurrence {
                case 0: break
                case 1: throw FakeError.refused
                default: await gate.pass()
                }
            }
            let lease = try fixture.lease()
            #expect(fixture.acquire().poolError?.code == "open_failed")
            let waiter = fixture.acquire(timeout: .seconds(3))
            fixture.advance(by: .seconds(3))
            guard case .timeout(let occupancy, let lastError) = waiter.poolError else {
                Issue.record("ended with \(String(describing: waiter.result))")
                return
            }
            #expect(
                occupancy.description
                    == "total 2, idle 0, leased 1, opening 1, closing 0, waiting 1, maximum 2")
            #expect(lastError as? FakeError == .refused)
            #expect(waiter.poolError?.description.contains("last open error: refused") == true)
            fixture.release(lease)
            gate.open()
        }
    }

    @Test("an acquire with no time at all gets what is idle and opens nothing") func zeroTimeout() throws {
        try withPool(one) { fixture in
            #expect(fixture.acquire(timeout: .zero).poolError?.code == "pool_timeout")
            #expect(fixture.driver.begun(.open) == 0)
            fixture.release(try fixture.lease())
            let lease = fixture.acquire(timeout: .zero)
            #expect(lease.value != nil)
            fixture.release(lease.value)
        }
    }

    @Test("a full queue is refused at once; those who wait for an open do not fill it")
    func queueFull() throws {
        try withPool(PoolConfiguration(maximum: 2, queueLimit: 1)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let opening = (0..<2).map { _ in fixture.acquire() }
            let queued = fixture.acquire()
            let refused = fixture.acquire()
            #expect(refused.poolError?.code == "pool_queue_full")
            #expect(fixture.counters.queueRefusals == 1)
            gate.open()
            fixture.run()
            for waiter in opening { fixture.release(waiter.value) }
            fixture.release(queued.value)
        }
    }

    @Test("a queue of length zero refuses whoever would have to wait, and nobody else")
    func noQueue() throws {
        try withPool(PoolConfiguration(maximum: 1, queueLimit: 0)) { fixture in
            let lease = try fixture.lease()
            #expect(fixture.acquire().poolError?.code == "pool_queue_full")
            fixture.release(lease)
            fixture.release(try fixture.lease())
        }
    }

    @Test("an eviction wakes the next waiter, with a new connection") func evictionWakesNext() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiters = (0..<3).map { _ in fixture.acquire() }
            fixture.release(lease, after: FakeError.broken)
            try #expect(waiters[0].value?.connection === fixture.driver.connection(1))
            #expect(!lease.connection.isOpen)
            fixture.release(waiters[0].value)
            for waiter in waiters.dropFirst() { fixture.release(waiter.value) }
        }
    }

    @Test("one timer serves all who wait, at once or later, and ends when nothing is in use")
    func timer() throws {
        try withPool(one) { fixture in
            fixture.release(try fixture.lease())
            #expect(fixture.time.sleeperCount == 0)
            let lease = try fixture.lease()
            let waiters = (0..<20).map { _ in fixture.acquire(timeout: .seconds(10)) }
            #expect(fixture.time.sleeperCount == 1)
            fixture.release(lease)
            for waiter in waiters.dropLast() { fixture.release(waiter.value) }
            #expect(fixture.time.sleeperCount == 1)
            let later = fixture.acquire(timeout: .seconds(10))
            #expect(fixture.time.sleeperCount == 1)
            fixture.release(waiters.last?.value)
            fixture.release(later.value)
            #expect(fixture.time.sleeperCount == 0)
        }
    }

    @Test("a short deadline behind a long one is kept") func shorterDeadline() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let long = fixture.acquire(timeout: .seconds(10))
            let short = fixture.acquire(timeout: .milliseconds(10))
            fixture.advance(by: .milliseconds(10))
            #expect(short.poolError?.code == "pool_timeout")
            #expect(!long.isOver)
            fixture.advance(by: .milliseconds(9_989))
            #expect(!long.isOver)
            fixture.advance(by: .milliseconds(1))
            #expect(long.poolError?.code == "pool_timeout")
            fixture.release(lease)
        }
    }
}
