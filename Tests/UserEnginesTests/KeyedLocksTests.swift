import CofferTesting
import Synchronization
import Testing

@testable import UserEngines

@Suite struct KeyedLocksTests {
    @Test("one holder at a time for a key, and another key is not in the way")
    func exclusion() async throws {
        let locks = KeyedLocks<Int>()
        let gate = Gate()
        let holder = Task { try await locks.withLock(1) { await gate.pass() } }
        await gate.arrivals(atLeast: 1)
        try await locks.withLock(2) {}
        let entered = Gate(open: true)
        let waiter = Task { try await locks.withLock(1) { await entered.pass() } }
        try await eventually { locks.waiterCount(1) == 1 }
        #expect(entered.arrivals == 0)
        gate.open()
        try await holder.value
        try await waiter.value
        #expect(entered.arrivals == 1)
        #expect(locks.count == 0)
    }

    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    @Test("a thousand increments under one lock lose none, and the entry is gone afterwards")
    func contention() async throws {
        let locks = KeyedLocks<Int>()
        let counter = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<1000 {
                group.addTask {
                    try await locks.withLock(1) {
                        let value = counter.value.withLock { $0 }
                        await Task.yield()
                        counter.value.withLock { $0 = value + 1 }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(counter.value.withLock { $0 } == 1000)
        #expect(locks.count == 0)
    }

    @Test("a lock that is handed on is held until its last waiter leaves")
    func held() async throws {
        let locks = KeyedLocks<Int>()
        let gate = Gate()
        let holder = Task { try await locks.withLock(1) { await gate.pass() } }
        await gate.arrivals(atLeast: 1)
        #expect(locks.isHeld(1))
        #expect(!locks.isHeld(2))
        let second = Gate(open: true)
        let waiter = Task { try await locks.withLock(1) { await second.pass() } }
        try await eventually { locks.waiterCount(1) == 1 }
        #expect(second.arrivals == 0)
        gate.open()
        try await holder.value
        try await waiter.value
        #expect(!locks.isHeld(1))
        #expect(locks.count == 0)
    }

    @Test("a cancelled waiter leaves the queue, and the next one gets the lock")
    func cancellation() async throws {
        let locks = KeyedLocks<Int>()
        let gate = Gate()
        let holder = Task { try await locks.withLock(1) { await gate.pass() } }
        await gate.arrivals(atLeast: 1)
        let cancelled = Task { try await locks.withLock(1) {} }
        try await eventually { locks.waiterCount(1) == 1 }
        let next = Task { try await locks.withLock(1) {} }
        try await eventually { locks.waiterCount(1) == 2 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        gate.open()
        try await holder.value
        try await next.value
        #expect(locks.count == 0)
    }

    @Test("a body that throws gives the lock back")
    func throwing() async throws {
        struct Failure: Error {}
        let locks = KeyedLocks<Int>()
        await #expect(throws: Failure.self) { try await locks.withLock(1) { throw Failure() } }
        try await locks.withLock(1) {}
        #expect(locks.count == 0)
    }
}
