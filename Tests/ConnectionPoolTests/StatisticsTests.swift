import CofferTesting
import Testing

@testable import ConnectionPool

@Suite struct PoolStatisticsTests {
    @Test("the statistics of a retired pool can be added to others, and nothing vanishes")
    func folded() throws {
        var retired = PoolCounters()
        for _ in 0..<3 {
            let fixture = PoolFixture(PoolConfiguration(maximum: 2))
            let leases = try (0..<2).map { _ in try fixture.lease() }
            #expect(fixture.acquire(timeout: .zero).poolError != nil)
            fixture.release(leases[0], after: FakeError.broken)
            fixture.release(leases[1])
            fixture.tearDown(#_sourceLocation)
            retired += fixture.counters
        }
        #expect(retired.opens == 6)
        #expect(retired.closes == 6)
        #expect(retired.acquisitions == 6)
        #expect(retired.timeouts == 3)
        #expect(retired.evictions == [.broken: 3, .poolClosed: 3])
    }

    @Test("gauges of several pools add up") func gauges() throws {
        try withPool(PoolConfiguration(maximum: 2)) { first in
            try withPool(PoolConfiguration(maximum: 3)) { second in
                let leases = try (first.lease(), second.lease())
                first.release(leases.0)
                var sum = PoolStatistics()
                sum += first.pool.statistics
                sum += second.pool.statistics
                #expect(
                    sum.occupancy.description
                        == "total 2, idle 1, leased 1, opening 0, closing 0, waiting 0, maximum 5")
                second.release(leases.1)
            }
        }
    }

    @Test("totals follow all that their pools do, and forget a pool that closes") func totals() throws {
        let totals = PoolTotals()
        let pools = [2, 3].map {
            PoolFixture(PoolConfiguration(maximum: $0, leakThreshold: .seconds(60)), totals: totals)
        }
        func expectSum(_ location: SourceLocation = #_sourceLocation) {
            var sum = PoolGauges()
            for fixture in pools { sum += fixture.pool.gauges }
            #expect(totals.gauges == sum, sourceLocation: location)
        }
        #expect(totals.gauges.occupancy.maximum == 5)
        let leases = try pools.map { try $0.lease() }
        let second = try pools[0].lease()
        expectSum()
        let waiting = pools[0].acquire()
        let gate = Gate()
        pools[1].driver.script(.open) { _, _ in await gate.pass() }
        let opening = pools[1].acquire()
        #expect(
            totals.gauges.occupancy.description
                == "total 4, idle 0, leased 3, opening 1, closing 0, waiting 2, maximum 5")
        pools[0].advance(by: .seconds(61))
        pools[0].pool.maintain()
        #expect(totals.gauges.suspectedLeaks == 2)
        expectSum()
        gate.open()
        pools[1].run()
        pools[0].release(leases[0])
        pools[0].release(second, after: FakeError.broken)
        pools[0].release(waiting.value)
        pools[1].release(leases[1])
        expectSum()
        #expect(totals.gauges.occupancy.leased == 1)
        pools[0].tearDown(#_sourceLocation)
        #expect(
            totals.gauges.occupancy.description
                == "total 2, idle 1, leased 1, opening 0, closing 0, waiting 0, maximum 3")
        pools[1].release(opening.value)
        pools[1].tearDown(#_sourceLocation)
        #expect(totals.gauges == PoolGauges())
    }

    @Test("a pool that is dropped takes what it held out of the totals") func dropped() {
        let totals = PoolTotals()
        do {
            let fixture = PoolFixture(PoolConfiguration(maximum: 2), totals: totals)
            #expect(totals.gauges == fixture.pool.gauges)
        }
        #expect(totals.gauges == PoolGauges())
    }

    @Test("the observer hears of everything that is counted, with its duration") func observer() throws {
        let fixture = PoolFixture(PoolConfiguration(maximum: 1))
        let gate = Gate()
        fixture.driver.script(.open) { _, _ in await gate.pass() }
        let attempt = fixture.acquire()
        fixture.advance(by: .milliseconds(300))
        gate.open()
        fixture.run()
        fixture.advance(by: .seconds(2))
        fixture.release(attempt.value)
        let failed = fixture.start { [pool = fixture.pool] in
            try await pool.withConnection { _ in try await pool.lease(timeout: .zero).release() }
        }
        #expect(failed.poolError?.code == "pool_timeout")
        fixture.tearDown(#_sourceLocation)
        let story = fixture.observer.events.map { event in
            switch event {
            case .acquired(let waited): "acquired after \(waited)"
            case .acquireFailed(let error): "failed: \(error.code)"
            case .released(let used): "released after \(used)"
            case .opened(let duration): "opened in \(duration)"
            case .evicted(let reason): "evicted: \(reason)"
            case .closed(let duration): "closed in \(duration)"
            default: "unexpected \(event)"
            }
        }
        #expect(
            story == [
                "opened in 0.3 seconds", "acquired after 0.3 seconds", "released after 2.0 seconds",
                "acquired after 0.0 seconds", "failed: pool_timeout", "released after 0.0 seconds",
                "evicted: pool_closed", "closed in 0.0 seconds",
            ])
    }
}
