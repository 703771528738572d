import CofferTesting
import ConnectionPool
import Glibc
import Synchronization
import Testing

@testable import UserEngines

@Suite("Copying an open database")
struct EngineCopyTests {
    @Test("the connection that a copy has beyond the usual number goes with it, and to nobody who waits")
    func oneTooMany() async throws {
        var configuration = EngineConfiguration()
        configuration.readers = 1
        try await EngineFixture.run(configuration) { fixture in
            let user = try await fixture.makeUser()
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                let gate = Gate()
                let holder = Task { try await engine.readers.withConnection { _ in await gate.pass() } }
                await gate.arrivals(atLeast: 1)
                let waiter = Mutex<Task<Void, any Error>?>(nil)
                let path = fixture.directory + "/copy.db"
                try await withTaskExecutorPreference(fixture.workers) {
                    try await engine.copyDatabase(to: path) { _ in
                        #expect(engine.readers.gauges.occupancy.leased == 2)
                        waiter.withLock { waiter in
                            if waiter != nil { return }
                            waiter = Task { try await engine.readers.withConnection { _ in } }
                        }
                        // The copy is held up until the other one waits, for ten seconds at the most.
                        for _ in 0..<10_000 where engine.readers.gauges.occupancy.waiting == 0 { usleep(1000) }
                    }
                }
                #expect(engine.readers.gauges.occupancy.waiting == 1)
                gate.open()
                try await holder.value
                try await waiter.withLock { $0 }?.value
                try DatabaseCopy.remove(path)
            }
        }
    }

    @Test(
        "what a copy has waited for is its own, also when others wait behind it",
        arguments: [PoolRole.reader, .service])
    func promise(role: PoolRole) async throws {
        // For the writer, and for a copy with its connection.
        try await EngineFixture.run(budget: 5) { fixture in
            let (user, other) = (try await fixture.makeUser(), try await fixture.makeUser())
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                try await engine.withService(timeout: .seconds(10)) { _ in }
            }
            #expect(await fixture.registry.forceClose(user, reason: .admin))
            let next = try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                #expect(fixture.budget.used == 2)
                #expect(fixture.budget.reserveNow(3))
                let path = fixture.directory + "/copy.db"
                let copy = Task(executorPreference: fixture.workers) {
                    switch role {
                    case .service: try await engine.copyServiceDatabase(to: path)
                    default: try await engine.copyDatabase(to: path) { _ in }
                    }
                }
                try await eventually { fixture.budget.waiting == 1 }
                let next = Task { try await fixture.run("SELECT 1", as: other) }
                try await eventually { fixture.budget.waiting == 2 }
                fixture.budget.release(3)
                try await copy.value
                #expect(fixture.budget.waiting == 1)
                try DatabaseCopy.remove(path)
                return next
            }
            #expect(try await next.value == [[.integer(1)]])
        }
    }
}
