import CofferTesting
import ConnectionPool
import Synchronization
import Testing

@testable import UserEngines

@Suite struct DescriptorBudgetTests {
    private final class Order: Sendable {
        let places = Mutex<[Int]>([])
    }

    @Test("who comes first is served first, also when a later one needs less")
    func fifo() async {
        let budget = DescriptorBudget(capacity: 4, time: ManualTime())
        #expect(budget.reserveNow(4))
        let order = Order()
        await withTaskGroup(of: Void.self) { group in
            for (place, count) in [(1, 3), (2, 1)] {
                group.addTask {
                    #expect(await budget.reserve(count, timeout: .seconds(60), queued: {}))
                    order.places.withLock { $0.append(place) }
                }
                while budget.waiting < place { try? await Task.sleep(for: .milliseconds(1)) }
            }
            budget.release(1)
            #expect(budget.waiting == 2)
            budget.release(2)
            while budget.waiting == 2 { try? await Task.sleep(for: .milliseconds(1)) }
            #expect(budget.waiting == 1)
            budget.release(1)
        }
        #expect(order.places.withLock { $0 }.sorted() == [1, 2])
        #expect(budget.used == 4)
    }

    @Test("a wait ends at its time with nothing taken, and those behind are served")
    func timeout() async {
        let time = ManualTime()
        let budget = DescriptorBudget(capacity: 2, time: time)
        #expect(budget.reserveNow(1))
        let first = Task { await budget.reserve(2, timeout: .seconds(5), queued: {}) }
        await time.sleepers(atLeast: 1)
        let second = Task { await budget.reserve(1, timeout: .seconds(60), queued: {}) }
        await time.sleepers(atLeast: 2)
        time.advance(by: .seconds(5))
        #expect(await first.value == false)
        #expect(await second.value == true)
        #expect(budget.used == 2)
    }

    @Test("a cancelled wait takes nothing")
    func cancellation() async {
        let time = ManualTime()
        let budget = DescriptorBudget(capacity: 2, time: time)
        #expect(budget.reserveNow(2))
        let waiter = Task { await budget.reserve(2, timeout: .seconds(5), queued: {}) }
        await time.sleepers(atLeast: 1)
        waiter.cancel()
        #expect(await waiter.value == false)
        #expect(budget.used == 2)
        #expect(budget.waiting == 0)
    }

    @Test("what is counted is what is open: parked descriptors too, until the last connection closes")
    func parking() async {
        let budget = DescriptorBudget(capacity: 100, time: ManualTime())
        let engine = EngineDescriptors(budget: budget, timeout: .seconds(1)) {}
        #expect(!engine.reserveFurther())
        #expect(await engine.reserveForWriter())
        #expect(engine.reserveFurther())
        #expect(engine.reserveFurther())
        #expect(budget.used == 6)
        engine.release()
        #expect(budget.used == 5)
        engine.release()
        #expect(budget.used == 4)
        #expect(engine.reserveFurther())
        #expect(budget.used == 5)
        engine.release()
        engine.release()
        #expect(budget.used == 0)
    }

    @Test("what is promised goes to the connection that opens next, and what it does not take to who waits")
    func promises() async {
        let budget = DescriptorBudget(capacity: 7, time: ManualTime())
        let engine = EngineDescriptors(budget: budget, timeout: .seconds(1)) {}
        #expect(await engine.reserveForWriter())
        #expect(await engine.expectConnection(beside: 0))
        #expect(await engine.expectConnection(beside: 1))
        #expect(budget.used == 7)
        #expect(engine.reserveFurther())
        // The other one's promise stands.
        engine.endExpectation()
        #expect(budget.used == 7)
        // It has parked one.
        engine.release()
        #expect(budget.used == 6)
        #expect(budget.reserveNow(1))
        #expect(engine.reserveFurther())
        #expect(budget.used == 6)
        #expect(budget.reserveNow(1))
        engine.endExpectation()
        #expect(budget.used == 7)
        #expect(!engine.reserveFurther())
        engine.release()
        engine.release()
        budget.release(3)
        #expect(budget.used == 0)
        #expect(await engine.expectConnection(beside: 0))
        engine.endExpectation()
        #expect(budget.used == 0)
    }

    @Test("the count of the budget is the number of descriptors that are really open")
    func agreesWithTheSystem() async throws {
        try await EngineFixture.run { fixture in
            let users = [try await fixture.makeUser(), try await fixture.makeUser()]
            for user in users {
                _ = try await fixture.run("CREATE TABLE t (a)", as: user)
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<20 { group.addTask { _ = try await fixture.run("SELECT * FROM t", as: user) } }
                    try await group.waitForAll()
                }
            }
            // A reader that nobody waits for any more may be opening still.
            try await eventually { fixture.budget.used == fixture.openUserFiles.count }
            await fixture.registry.closeIfUnneeded(users[0], reason: .logout)
            #expect(fixture.budget.used == fixture.openUserFiles.count)
        }
    }

    @Test("with room for three engines, thirty users are served, and nobody's session is needed to end")
    func pressure() async throws {
        try await EngineFixture.run(budget: 6) { fixture in
            var users: [UserID] = []
            for _ in 0..<30 { users.append(try await fixture.makeUser()) }
            let sessions = users.map {
                fixture.activity.begin(user: $0, kind: .session, until: fixture.time.now.advanced(by: .seconds(999)))
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for user in users {
                    group.addTask {
                        for _ in 0..<10 { _ = try await fixture.run("SELECT 1", as: user) }
                    }
                }
                for try await _ in group {
                    // One look may find a file that is closed meanwhile, and the one that is opened in its place.
                    let open = Set(fixture.openUserFiles).intersection(fixture.openUserFiles)
                    #expect(open.count <= 6)
                }
            }
            #expect(fixture.budget.waiting == 0)
            for session in sessions { session.end() }
        }
    }

    @Test("when every engine is in use, a request gets an error in time, and the next one is served")
    func allInUse() async throws {
        try await EngineFixture.run(budget: 2) { fixture in
            let (first, second) = (try await fixture.makeUser(), try await fixture.makeUser())
            let gate = Gate()
            let use = await fixture.hold(first, until: gate)
            let refused = Task { try await fixture.run("SELECT 1", as: second) }
            try await eventually { fixture.budget.waiting == 1 }
            try await eventually { fixture.time.sleeperCount >= 2 }
            fixture.time.advance(by: .milliseconds(4600))
            let error = await #expect(throws: PoolError.self) { try await refused.value }
            guard case .openFailed(EngineError.descriptorBudget) = error else {
                Issue.record("unexpected \(String(describing: error))")
                return
            }
            let served = Task { try await fixture.run("SELECT 2", as: second) }
            try await eventually { fixture.budget.waiting == 1 }
            gate.open()
            try await use.value
            #expect(try await served.value == [[.integer(2)]])
        }
    }

    @Test("an engine that has opened for nobody makes room for who waits", .timeLimit(.minutes(1)))
    func openedForNobody() async throws {
        try await EngineFixture.run(budget: 2) { fixture in
            let (first, second) = (try await fixture.makeUser(), try await fixture.makeUser())
            #expect(fixture.budget.reserveNow(2))
            let gone = Task { try await fixture.run("SELECT 1", as: first) }
            try await eventually { fixture.budget.waiting == 1 }
            gone.cancel()
            await #expect(throws: CancellationError.self) { try await gone.value }
            let served = Task { try await fixture.run("SELECT 2", as: second) }
            try await eventually { fixture.budget.waiting == 2 }
            fixture.budget.release(2)
            #expect(try await served.value == [[.integer(2)]])
        }
    }
}
