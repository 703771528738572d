import CofferTesting
import Testing

@testable import ConnectionPool

@Suite("Errands: the holder of a connection serves those who wait behind it") struct ErrandTests {
    private let one = PoolConfiguration(maximum: 1, queueLimit: 10)

    @Test("errands are taken from the front, and nobody is passed who has none") func order() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let first = fixture.leave(1)
            let second = fixture.leave(2)
            let plain = fixture.acquire()
            let third = fixture.leave(3)
            #expect(fixture.pool.isErrandNext { $0 == 1 })
            #expect(!fixture.pool.isErrandNext { $0 == 2 })
            let taken = [fixture.pool.takeErrand { _ in true }, fixture.pool.takeErrand { _ in true }].compactMap { $0 }
            #expect(taken.map(\.errand) == [1, 2])
            #expect(fixture.pool.takeErrand { _ in true } == nil)
            fixture.pool.end(taken)
            fixture.run()
            #expect(first.value == "done by another" && second.value == "done by another")
            fixture.release(lease)
            fixture.release(plain.value)
            #expect(third.value == "leased")
        }
    }

    @Test("an errand that is not wanted stays where it is") func unwanted() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.leave(1)
            #expect(fixture.pool.takeErrand { $0 > 1 } == nil)
            fixture.release(lease)
            #expect(waiter.value == "leased")
        }
    }

    @Test("without anybody who waits there is no errand") func nobody() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            #expect(!fixture.pool.isErrandNext { _ in true })
            #expect(fixture.pool.takeErrand { _ in true } == nil)
            fixture.release(lease)
            #expect(fixture.leave(1).value == "leased")
        }
    }

    @Test("who is put back has the places in front, in the old order, before those who came meanwhile")
    func putBack() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiters = [fixture.acquireLeaving(1), fixture.acquireLeaving(2)]
            let taken = (1...2).compactMap { _ in fixture.pool.takeErrand { _ in true } }
            let late = fixture.acquireLeaving(3)
            fixture.pool.putBack(taken)
            fixture.release(lease)
            for waiter in waiters + [late] { fixture.release(try #require(waiter.value ?? nil)) }
        }
    }

    @Test("the deadline of an errand that is out waits for it, and then counts again") func deadline() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.acquireLeaving(1)
            let taken = try #require(fixture.pool.takeErrand { _ in true })
            fixture.advance(by: .seconds(60))
            #expect(!waiter.isOver)
            fixture.pool.putBack([taken])
            fixture.run()
            #expect(waiter.poolError?.code == "pool_timeout")
            fixture.release(lease)
        }
    }

    @Test("who is put back into a queue that nobody else waits in still has a deadline") func alarm() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.acquireLeaving(1)
            fixture.pool.putBack([try #require(fixture.pool.takeErrand { _ in true })])
            fixture.advance(by: .seconds(5))
            #expect(waiter.poolError?.code == "pool_timeout")
            fixture.release(lease)
        }
    }

    @Test("a waiter that is cancelled while its errand is out gives the connection on unused when it is put back")
    func cancelled() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.leave(1)
            let next = fixture.leave(2)
            let taken = try #require(fixture.pool.takeErrand { _ in true })
            waiter.cancel()
            fixture.run()
            #expect(!waiter.isOver)
            fixture.pool.putBack([taken])
            fixture.release(lease)
            #expect(waiter.poolError?.code == "cancelled")
            #expect(next.value == "leased")
        }
    }

    @Test("a waiter that is cancelled while its errand is out learns that it was done") func cancelledTooLate() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let waiter = fixture.leave(1)
            let taken = try #require(fixture.pool.takeErrand { _ in true })
            waiter.cancel()
            fixture.pool.end([taken])
            fixture.run()
            #expect(waiter.value == "done by another")
            fixture.release(lease)
        }
    }

    @Test("closing the pool refuses those who wait, and those whose errands come back") func closing() throws {
        try withPool(one) { fixture in
            let lease = try fixture.lease()
            let out = fixture.leave(1)
            let done = fixture.leave(2)
            let waiting = fixture.leave(3)
            let taken = (1...2).compactMap { _ in fixture.pool.takeErrand { _ in true } }
            let closing = fixture.close()
            #expect(waiting.poolError?.code == "pool_closed")
            #expect(!out.isOver && !done.isOver)
            fixture.pool.putBack([taken[0]])
            fixture.pool.end([taken[1]])
            fixture.run()
            #expect(out.poolError?.code == "pool_closed")
            #expect(done.value == "done by another")
            fixture.release(lease)
            #expect(closing.value?.total == 0)
        }
    }
}

extension PoolFixture {
    /// Starts a user who leaves an errand while it waits, and says how it was served.
    fileprivate func leave(_ errand: Int) -> Attempt<String> {
        start { [pool] in try await pool.withConnection(leaving: errand) { _ in "leased" } ?? "done by another" }
    }

    /// Starts an acquire that leaves an errand, and keeps what it gets.
    fileprivate func acquireLeaving(_ errand: Int) -> Attempt<FakeLease?> {
        start { [pool] in try await pool.lease(leaving: errand, timeout: nil, site: AcquireSite()) }
    }
}
