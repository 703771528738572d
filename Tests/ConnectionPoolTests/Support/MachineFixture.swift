import Testing
import Timekeeping

@testable import ConnectionPool

/// Something to pool where no driver is needed.
final class Token: Sendable {}

/// A state machine without a pool: the test carries out its actions, or leaves them.
struct MachineFixture {
    var machine: PoolStateMachine<Int>
    var now = MonotonicInstant(nanoseconds: 1_000_000_000_000)
    var orders: [OpenOrder] = []
    var checks: [SlotID] = []
    var closes: [(slot: SlotID, reason: EvictionReason)] = []
    var given: [(waiter: Int, grant: Grant)] = []
    var refused: [(waiter: Int, error: PoolError)] = []
    var leaks: [LeakReport] = []
    var interrupts = 0
    var alarms: [AlarmOrder] = []
    var finishedCloses = 0

    init(_ configuration: PoolConfiguration) {
        machine = PoolStateMachine(configuration: configuration)
    }

    /// Keeps the actions of a transition, and holds the invariant against the state after it.
    mutating func take(_ actions: [PoolAction<Int>], _ location: SourceLocation = #_sourceLocation) {
        #expect(machine.invariantViolation == nil, sourceLocation: location)
        for action in actions {
            switch action {
            case .resume(let waiter, .success(let grant)): given.append((waiter, grant))
            case .resume(let waiter, .failure(let error)): refused.append((waiter, error))
            case .open(let order): orders.append(order)
            case .check(let slot, _): checks.append(slot)
            case .close(let slot, _, let reason): closes.append((slot, reason))
            case .interrupt: interrupts += 1
            case .setAlarm(let order): alarms.append(order)
            case .leakSuspected(let report), .leakEnded(let report): leaks.append(report)
            case .finishClose: finishedCloses += 1
            }
        }
    }

    mutating func acquire(_ waiter: Int, timeout: Duration = .seconds(5)) throws(PoolError) {
        let actions = try machine.enqueue(
            waiter, as: WaiterID(number: UInt64(waiter)), site: AcquireSite(), deadline: now.advanced(by: timeout),
            now: now
        ).get()
        take(actions)
    }

    /// Moves the clock past every deadline, and rings the alarms that were set until then.
    mutating func passDeadlines() {
        now = now.advanced(by: .seconds(5))
        while !alarms.isEmpty { take(machine.ring(alarms.removeFirst(), now: now)) }
    }

    mutating func open(_ location: SourceLocation = #_sourceLocation) throws {
        let permit = try nextOrder(location).take()
        take(machine.opened(permit, Token(), jitter: 0, now: now))
    }

    mutating func failOpen(_ location: SourceLocation = #_sourceLocation) throws {
        let permit = try nextOrder(location).take()
        take(machine.openFailed(permit, FakeError.refused, now: now))
    }

    mutating func refuseOpen(_ location: SourceLocation = #_sourceLocation) throws {
        let permit = try nextOrder(location).take()
        take(machine.openAbandoned(permit, GrowthRefused()))
    }

    private mutating func nextOrder(_ location: SourceLocation) throws -> OpenOrder {
        try #require(!orders.isEmpty, "nothing is to be opened", sourceLocation: location)
        return orders.removeFirst()
    }

    mutating func release(
        _ grant: Grant, evicting reason: EvictionReason? = nil, _ location: SourceLocation = #_sourceLocation
    ) {
        switch machine.beginRelease(grant.ticket, evicting: reason) {
        case nil: Issue.record("the release was refused", sourceLocation: location)
        case .reset: take(machine.finishRelease(grant.ticket, evicting: nil, now: now).actions)
        case .evict(let reason): take(machine.finishRelease(grant.ticket, evicting: reason, now: now).actions)
        }
    }

    mutating func finishClose(_ location: SourceLocation = #_sourceLocation) throws {
        try #require(!closes.isEmpty, "nothing is to be closed", sourceLocation: location)
        take(machine.closed(closes.removeFirst().slot, failed: false, now: now))
    }

    mutating func advance(by duration: Duration) {
        now = now.advanced(by: duration)
    }
}
