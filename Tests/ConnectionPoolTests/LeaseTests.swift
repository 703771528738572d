import CofferTesting
import Testing

@testable import ConnectionPool

@Suite("Leases: given back exactly once, in the state of a new connection") struct LeaseTests {
    private let one = PoolConfiguration(maximum: 1)

    @Test("a second release is refused and changes nothing, whoever has the connection then")
    func doubleRelease() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            fixture.release(lease)
            let again = fixture.start { try await lease.release() }
            #expect(again.poolError?.code == "lease_already_released")
            #expect(fixture.occupancy.idle == 1)

            let next = try fixture.lease()
            #expect(next.connection === lease.connection)
            let late = fixture.start { try await lease.release() }
            #expect(late.poolError?.code == "lease_already_released")
            #expect(throws: PoolError.self) { try lease.evict(.broken) }
            #expect(fixture.occupancy.leased == 1)
            #expect(next.connection.isOpen)
            fixture.release(next)
        }
    }

    @Test("a release during the release is refused") func releaseDuringRelease() throws {
        try withPool(one) { fixture in
            let gate = Gate()
            fixture.driver.script(.reset) { _, _ in await gate.pass() }
            let lease = try fixture.lease()
            let first = fixture.start { try await lease.release() }
            let second = fixture.start { try await lease.release() }
            #expect(second.poolError?.code == "lease_already_released")
            gate.open()
            fixture.run()
            #expect(first.value != nil)
            #expect(fixture.occupancy.idle == 1)
        }
    }

    @Test("another pool's lease is refused, and both pools are unchanged") func foreignRelease() throws {
        try withPool(one) { first in
            try withPool(one) { second in
                let lease = try first.lease()
                let own = try second.lease()
                let attempt = second.start { [pool = second.pool] in try await pool.release(lease) }
                #expect(attempt.poolError?.code == "foreign_lease")
                #expect(throws: PoolError.self) { try second.pool.evict(lease, .broken) }
                #expect(first.occupancy.leased == 1)
                #expect(second.occupancy.leased == 1)
                first.release(lease)
                second.release(own)
            }
        }
    }

    @Test("a data error keeps the connection, an I/O error closes it") func errors() throws {
        try withPool(one) { fixture in
            let first = try fixture.lease()
            fixture.release(first, after: FakeError.constraint)
            let second = try fixture.lease()
            #expect(second.connection === first.connection)
            fixture.release(second, after: FakeError.broken)
            #expect(!first.connection.isOpen)
            #expect(fixture.counters.evictions == [.broken: 1])
        }
    }

    @Test("a body that throws gives its connection back, and its error on", arguments: [FakeError.constraint, .broken])
    func throwingBody(error: FakeError) throws {
        try withPool(one) { fixture in
            let user = fixture.start { [pool = fixture.pool] in
                try await pool.withConnection { _ in throw error }
            }
            #expect(user.error as? FakeError == error)
            try #expect(fixture.driver.connection(0).isOpen == (error == .constraint))
            fixture.release(try fixture.lease())
        }
    }

    @Test("the reset comes before the next holder, who finds no open transaction")
    func resetBeforeHandOff() throws {
        try withPool(one) { fixture in
            let gate = Gate()
            fixture.driver.script(.reset) { _, _ in await gate.pass() }
            let lease = try fixture.lease()
            lease.connection.state.withLock { $0.hasOpenTransaction = true }
            let next = fixture.acquire()
            let release = fixture.start { try await lease.release() }
            #expect(!next.isOver)
            #expect(fixture.occupancy.leased == 1)
            gate.open()
            fixture.run()
            #expect(release.value != nil)
            #expect(next.value?.connection === lease.connection)
            #expect(next.value?.connection.state.withLock { $0.hasOpenTransaction } == false)
            fixture.release(next.value)
        }
    }

    @Test("a connection whose reset fails is closed, and the next holder gets another")
    func failedReset() throws {
        try withPool(one) { fixture in
            fixture.driver.script(.reset) { occurrence, _ in if occurrence == 0 { throw FakeError.broken } }
            let lease = try fixture.lease()
            let next = fixture.acquire()
            fixture.release(lease)
            #expect(!lease.connection.isOpen)
            try #expect(next.value?.connection === fixture.driver.connection(1))
            #expect(fixture.counters.evictions == [.resetFailed: 1])
            fixture.release(next.value)
        }
    }

    @Test("an evicted lease is closed without a reset") func evict() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            try lease.evict(.broken)
            fixture.run()
            #expect(!lease.connection.isOpen)
            #expect(fixture.driver.begun(.reset) == 0)
        }
    }

    @Test("the synchronous lease takes what is idle and ready, and never opens") func leaseIfIdle() throws {
        try withPool(one) { fixture in
            #expect(fixture.pool.leaseIfIdle() == nil)
            fixture.release(try fixture.lease())
            let lease = try #require(fixture.pool.leaseIfIdle())
            #expect(fixture.pool.leaseIfIdle() == nil)
            fixture.release(lease)
            fixture.advance(by: .seconds(31))
            #expect(fixture.pool.leaseIfIdle() == nil, "it needs a check first")
            #expect(fixture.driver.begun(.open) == 1)
            #expect(fixture.occupancy.idle == 1)
        }
    }
}
