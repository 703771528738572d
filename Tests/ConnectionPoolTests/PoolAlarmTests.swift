import Testing
import Timekeeping

@testable import ConnectionPool

@Suite struct PoolAlarmTests {
    private func order(_ number: UInt64) -> AlarmOrder {
        AlarmOrder(number: number, instant: MonotonicInstant(nanoseconds: Int64(number)))
    }

    /// Whether the order's timer is begun.
    private func begins(_ number: UInt64, on alarm: PoolAlarm) -> Bool {
        var begun = false
        alarm.set(order(number)) {
            begun = true
            return Task {}
        }
        return begun
    }

    @Test("an order that arrives after a newer one begins no timer") func overtaken() {
        let alarm = PoolAlarm()
        #expect(begins(2, on: alarm))
        #expect(!begins(1, on: alarm))
        #expect(begins(3, on: alarm))
    }

    @Test("an order that is cancelled before it arrives begins no timer") func cancelledFirst() {
        let alarm = PoolAlarm()
        alarm.cancel(order(1))
        #expect(!begins(1, on: alarm))
        #expect(begins(2, on: alarm))
    }

    @Test("a late cancellation leaves the newer timer alone") func lateCancellation() {
        let alarm = PoolAlarm()
        let timer = Task { _ = try? await Task.sleep(for: .seconds(3600)) }
        alarm.set(order(2)) { timer }
        alarm.cancel(order(1))
        #expect(!timer.isCancelled)
        alarm.cancel(order(2))
        #expect(timer.isCancelled)
    }
}
