import CofferTesting
import Synchronization
import Testing

@testable import Workers

@Suite("Turn queue", .timeLimit(.minutes(1)))
struct TurnQueueTests {
    @Test("lets no more than its number work at once, and everyone in the end")
    func limit() async throws {
        let queue = TurnQueue(turns: 2, waitingLimit: 100)
        let tasks = ConcurrentTasks()
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await queue.withTurn {
                        tasks.begin()
                        await gate.pass()
                        tasks.end()
                    }
                }
            }
            await gate.arrivals(atLeast: 2)
            try await eventually { queue.waitingCount == 18 }
            gate.open()
            try await group.waitForAll()
        }
        #expect(tasks.most == 2)
        #expect(queue.waitingCount == 0)
    }

    @Test("serves in the order of arrival")
    func order() async throws {
        let queue = TurnQueue(turns: 1, waitingLimit: 100)
        let gate = Gate()
        let served = ServiceOrder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            for index in 0..<20 {
                group.addTask { try await queue.withTurn { served.append(index) } }
                try await eventually { queue.waitingCount == index + 1 }
            }
            gate.open()
            try await group.waitForAll()
        }
        #expect(served.indexes == Array(0..<20))
    }

    @Test("refuses at once when it is full, and takes again when it is not")
    func full() async throws {
        let queue = TurnQueue(turns: 1, waitingLimit: 1)
        let gate = Gate()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await queue.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            group.addTask { try await queue.withTurn {} }
            try await eventually { queue.waitingCount == 1 }
            await #expect(throws: TurnQueue.Full.self) { try await queue.withTurn {} }
            gate.open()
            try await group.waitForAll()
        }
        try await queue.withTurn {}
    }

    @Test("A cancelled waiter leaves, and swallows no turn")
    func cancellation() async throws {
        let queue = TurnQueue(turns: 1, waitingLimit: 2)
        let gate = Gate()
        let holder = Task { try await queue.withTurn { await gate.pass() } }
        await gate.arrivals(atLeast: 1)
        let cancelled = Task { try await queue.withTurn {} }
        try await eventually { queue.waitingCount == 1 }
        let patient = Task { try await queue.withTurn { true } }
        try await eventually { queue.waitingCount == 2 }
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(queue.waitingCount == 1)
        gate.open()
        try await holder.value
        #expect(try await patient.value)
    }

    @Test("A task that was cancelled before it came does not wait")
    func cancelledBefore() async throws {
        let queue = TurnQueue(turns: 1, waitingLimit: 2)
        let gate = Gate()
        let arrival = Gate()
        let holder = Task { try await queue.withTurn { await gate.pass() } }
        await gate.arrivals(atLeast: 1)
        let cancelled = Task {
            await arrival.pass()
            try await queue.withTurn {}
        }
        cancelled.cancel()
        arrival.open()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(queue.waitingCount == 0)
        gate.open()
        try await holder.value
    }

    @Test("A body that throws gives its turn back")
    func throwing() async throws {
        struct Refused: Error {}
        let queue = TurnQueue(turns: 1, waitingLimit: 0)
        for _ in 0..<3 {
            await #expect(throws: Refused.self) { try await queue.withTurn { throw Refused() } }
        }
        try await queue.withTurn {}
    }
}

private final class ConcurrentTasks: Sendable {
    private let counts = Mutex((now: 0, most: 0))

    var most: Int { counts.withLock { $0.most } }

    func begin() {
        counts.withLock { counts in
            counts.now += 1
            counts.most = max(counts.most, counts.now)
        }
    }

    func end() { counts.withLock { $0.now -= 1 } }
}

private final class ServiceOrder: Sendable {
    private let state = Mutex<[Int]>([])

    var indexes: [Int] { state.withLock { $0 } }

    func append(_ index: Int) { state.withLock { $0.append(index) } }
}
