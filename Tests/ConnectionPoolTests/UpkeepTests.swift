import CofferTesting
import Testing
import Timekeeping

@testable import ConnectionPool

@Suite("Upkeep: checks, time-outs of connections, the minimum, and leaks") struct UpkeepTests {
    @Test("a connection is checked after a long idle time, and only then") func checkAfterIdle() throws {
        try withPool(PoolConfiguration(maximum: 1, checkAfterIdle: .seconds(30))) { fixture in
            let first = try fixture.lease()
            fixture.release(first)
            fixture.advance(by: .seconds(30))
            fixture.release(try fixture.lease())
            #expect(fixture.driver.begun(.check) == 0)
            fixture.advance(by: .seconds(31))
            let checked = try fixture.lease()
            #expect(fixture.driver.begun(.check) == 1)
            #expect(checked.connection === first.connection)
            fixture.release(checked)
        }
    }

    @Test("more dead idle connections than anyone would retry: all are closed, and the acquire succeeds")
    func manyDead() throws {
        try withPool(PoolConfiguration(maximum: 20)) { fixture in
            let leases = try (0..<20).map { _ in try fixture.lease() }
            for lease in leases { fixture.release(lease) }
            fixture.driver.script(.check) { _, _ in throw FakeError.broken }
            fixture.advance(by: .seconds(31))
            let lease = try fixture.lease()
            try #expect(lease.connection === fixture.driver.connection(20))
            #expect(leases.allSatisfy { !$0.connection.isOpen })
            #expect(fixture.counters.evictions == [.dead: 20])
            #expect(fixture.driver.mostOpen == 20)
            fixture.release(lease)
        }
    }

    @Test("dead connections whose check takes its time fail the acquire only at its deadline")
    func deadUntilDeadline() throws {
        try withPool(PoolConfiguration(maximum: 2, openPatience: .seconds(60))) { fixture in
            let leases = try (0..<2).map { _ in try fixture.lease() }
            for lease in leases { fixture.release(lease) }
            fixture.advance(by: .seconds(31))
            let gate = Gate()
            fixture.driver.script(.check) { occurrence, _ in
                if occurrence == 1 { await gate.pass() }
                throw FakeError.broken
            }
            fixture.driver.script(.close) { _, _ in await gate.pass() }
            let waiter = fixture.acquire(timeout: .seconds(5))
            fixture.advance(by: .seconds(4))
            #expect(!waiter.isOver)
            fixture.advance(by: .seconds(1))
            #expect(waiter.poolError?.code == "pool_timeout")
            gate.open()
        }
    }

    @Test("a check that hangs holds nobody up for long, and its connection is not lost")
    func hangingCheck() throws {
        try withPool(PoolConfiguration(maximum: 2)) { fixture in
            let first = try fixture.lease()
            fixture.release(first)
            fixture.advance(by: .seconds(31))
            let gate = Gate()
            fixture.driver.script(.check) { _, _ in await gate.pass() }
            let waiter = fixture.acquire()
            fixture.advance(by: .seconds(1))
            try #expect(waiter.value?.connection === fixture.driver.connection(1))
            gate.open()
            fixture.run()
            #expect(fixture.occupancy.idle == 1)
            let again = try fixture.lease()
            #expect(again.connection === first.connection)
            fixture.release(again)
            fixture.release(waiter.value)
        }
    }

    @Test("idle connections above the minimum are closed after the idle timeout, the least recently used first")
    func idleTimeout() throws {
        try withPool(PoolConfiguration(minimum: 1, maximum: 3, idleTimeout: .seconds(300))) { fixture in
            let leases = try (0..<3).map { _ in try fixture.lease() }
            fixture.release(leases[1])
            fixture.advance(by: .seconds(100))
            fixture.release(leases[0])
            fixture.release(leases[2])
            fixture.advance(by: .seconds(200))
            fixture.pool.maintain()
            fixture.run()
            #expect(leases.map(\.connection.isOpen) == [true, false, true])
            fixture.advance(by: .seconds(100))
            fixture.pool.maintain()
            fixture.run()
            #expect(leases.map(\.connection.isOpen) == [false, false, true])
            #expect(fixture.counters.evictions == [.idleTimeout: 2])
        }
    }

    @Test("the minimum is opened by the upkeep, not before, and again after a failure")
    func minimum() throws {
        try withPool(PoolConfiguration(minimum: 2, maximum: 3)) { fixture in
            #expect(fixture.occupancy.total == 0)
            fixture.driver.script(.open) { occurrence, _ in if occurrence == 1 { throw FakeError.refused } }
            fixture.pool.maintain()
            fixture.run()
            #expect(fixture.occupancy.idle == 1)
            fixture.pool.maintain()
            fixture.run()
            #expect(fixture.occupancy.idle == 2)
            fixture.pool.maintain()
            fixture.run()
            #expect(fixture.driver.begun(.open) == 3)
        }
    }

    @Test("a connection whose lifetime is over is closed at the upkeep, at its hand-off, and at an acquire")
    func lifetime() throws {
        try withPool(
            PoolConfiguration(
                maximum: 1, checkAfterIdle: .seconds(7200), idleTimeout: .seconds(7200), lifetime: .seconds(3600))
        ) { fixture in
            fixture.release(try fixture.lease())
            fixture.advance(by: .seconds(3599))
            fixture.pool.maintain()
            fixture.run()
            try #expect(fixture.driver.connection(0).isOpen)
            fixture.advance(by: .seconds(1))
            fixture.pool.maintain()
            fixture.run()
            try #expect(!fixture.driver.connection(0).isOpen)

            let held = try fixture.lease()
            let waiter = fixture.acquire(timeout: .seconds(7200))
            fixture.advance(by: .seconds(3600))
            fixture.release(held)
            #expect(!held.connection.isOpen)
            try #expect(waiter.value?.connection === fixture.driver.connection(2))

            fixture.release(waiter.value)
            fixture.advance(by: .seconds(3600))
            let fresh = try fixture.lease()
            try #expect(fresh.connection === fixture.driver.connection(3))
            fixture.release(fresh)
            #expect(fixture.counters.evictions == [.lifetime: 3])
        }
    }

    @Test("jitter shortens a lifetime and never lengthens it") func jitter() throws {
        let configuration = PoolConfiguration(maximum: 1, idleTimeout: .seconds(7200), lifetime: .seconds(1000))
        try withPool(configuration, jitter: 0.05) { fixture in
            fixture.release(try fixture.lease())
            fixture.advance(by: .seconds(950) - .nanoseconds(1))
            fixture.pool.maintain()
            #expect(fixture.occupancy.idle == 1)
            fixture.advance(by: .nanoseconds(1))
            fixture.pool.maintain()
            #expect(fixture.occupancy.closing == 1)
        }
    }

    @Test("giving descriptors back closes idle connections now and leased ones when they return")
    func closeIdle() throws {
        try withPool(PoolConfiguration(maximum: 3)) { fixture in
            let leases = try (0..<3).map { _ in try fixture.lease() }
            fixture.release(leases[0])
            fixture.pool.closeIdle()
            fixture.run()
            #expect(leases.map(\.connection.isOpen) == [false, true, true])
            fixture.release(leases[1])
            fixture.release(leases[2])
            #expect(fixture.occupancy.total == 0)
            #expect(fixture.counters.evictions == [.released: 3])
        }
    }

    @Test("one that is being opened serves whom it was opened for, and is closed then")
    func closeIdleWhileOpening() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let (first, second) = (fixture.acquire(), fixture.acquire())
            fixture.pool.closeIdle()
            gate.open()
            fixture.run()
            let lease = try #require(first.value)
            #expect(second.value == nil)
            fixture.release(lease)
            #expect(!lease.connection.isOpen)
            let next = try #require(second.value)
            #expect(next.connection !== lease.connection)
            fixture.release(next)
            #expect(next.connection.isOpen, "only what was there at the time is closed")
        }
    }

    @Test("one that is opened for somebody who has gone is closed when it is there")
    func closeIdleAfterWait() throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let gate = Gate()
            fixture.driver.script(.open) { _, _ in await gate.pass() }
            let gone = fixture.acquire(timeout: .seconds(1))
            fixture.advance(by: .seconds(1))
            #expect(gone.error != nil)
            fixture.pool.closeIdle()
            gate.open()
            fixture.run()
            #expect(fixture.occupancy.total == 0)
            #expect(fixture.counters.evictions == [.released: 1])
        }
    }

    @Test("one that is being reset or checked is closed after it", arguments: [FakeDriver.Step.reset, .check])
    func closeIdleInBetween(_ step: FakeDriver.Step) throws {
        try withPool(PoolConfiguration(maximum: 1)) { fixture in
            let gate = Gate(open: step == .check)
            let first = try fixture.lease()
            fixture.driver.script(step) { _, _ in await gate.pass() }
            let release = fixture.start { try await first.release() }
            var next: Attempt<FakeLease>?
            if step == .check {
                gate.close()
                fixture.advance(by: .seconds(31))
                next = fixture.acquire()
            }
            fixture.pool.closeIdle()
            gate.open()
            fixture.run()
            #expect(release.value != nil)
            #expect(!first.connection.isOpen)
            #expect(fixture.counters.evictions == [.released: 1])
            fixture.release(next?.value)
        }
    }

    @Test("a lease that is out too long is reported once, with its site, and once more when it comes back")
    func leak() throws {
        try withPool(PoolConfiguration(maximum: 1, leakThreshold: .seconds(60))) { fixture in
            let attempt = fixture.start { [pool = fixture.pool] in
                try await pool.lease(file: "Module/File.swift", line: 7)
            }
            fixture.advance(by: .seconds(60))
            fixture.pool.maintain()
            #expect(fixture.pool.statistics.suspectedLeaks == 0)
            fixture.advance(by: .seconds(1))
            fixture.pool.maintain()
            fixture.pool.maintain()
            #expect(fixture.pool.statistics.suspectedLeaks == 1)
            #expect(fixture.leaks == ["suspected Module/File.swift:7 61.0 seconds"])
            fixture.advance(by: .seconds(9))
            fixture.release(attempt.value)
            #expect(fixture.pool.statistics.suspectedLeaks == 0)
            #expect(fixture.counters.leaks == 1)
            #expect(
                fixture.leaks == [
                    "suspected Module/File.swift:7 61.0 seconds", "ended Module/File.swift:7 70.0 seconds",
                ])
        }
    }
}

extension PoolFixture {
    /// The leak reports so far, in a form to compare.
    fileprivate var leaks: [String] {
        observer.events.compactMap { event in
            switch event {
            case .leakSuspected(let report): "suspected \(report.site) \(report.age)"
            case .leakEnded(let report): "ended \(report.site) \(report.age)"
            default: nil
            }
        }
    }
}
