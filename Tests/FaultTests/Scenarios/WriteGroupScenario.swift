import FaultInjection
import Glibc
import SQLCipher
import Synchronization
import Testing
import UserEngines
import Workers

extension FaultSuite {
    @Test("writes that share a commit")
    func writeGroup() async throws { try await FaultRun<WriteGroupScenario>().run() }
}

/// Several requests wait for the writer together, so that one commit serves them; one of them violates a constraint.
private final class WriteGroupScenario: FaultScenario {
    static let name = "writes that share a commit"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync, .indexLock]

    private static let workers = WorkerExecutor(threads: 6)
    private static let rows: [Int64] = [81, 82, 83, 84]
    /// Is there already.
    private static let violation: Int64 = 1

    private let world: EngineWorld
    private let acknowledged = Mutex<Set<Int64>>([])

    init(in directory: String) async throws {
        world = try EngineWorld(in: directory)
        try await world.withEngine { _ in }
    }

    func run() async throws {
        try await world.settling {
            let ids = Self.rows + [Self.violation]
            let errors: [any Error] = try await world.withEngine { engine in
                await withTaskGroup(of: (any Error)?.self) { [world] tasks in
                    // Holds the writer until all others wait for it. One that a fault has struck before does not come.
                    tasks.addTask(executorPreference: Self.workers) {
                        await Self.failure {
                            try await engine.runBatch(atomic: false, timeout: .seconds(10)) { _ in
                                for _ in 0..<2_000 where world.registry.census().writers.occupancy.waiting < ids.count {
                                    usleep(500)
                                }
                            }
                        }
                    }
                    for id in ids {
                        tasks.addTask(executorPreference: Self.workers) { [self] in
                            await Self.failure { try await insert(id, into: engine) }
                        }
                    }
                    return await tasks.reduce(into: []) { if let error = $1 { $0.append(error) } }
                }
            }
            if let error = errors.first(where: { !expects($0) }) ?? errors.first { throw error }
        }
    }

    private func insert(_ id: Int64, into engine: Engine) async throws {
        do {
            try await engine.run(SampleDatabase.insertion, SampleDatabase.arguments(id), timeout: .seconds(10)) {
                statement, _ in
                while try statement.step() {}
            }
        } catch let error as SQLiteError where error.code == .constraint && id == Self.violation {
            return
        }
        try require(id != Self.violation, "a row was written twice")
        acknowledged.withLock { _ = $0.insert(id) }
    }

    private static func failure(_ body: () async throws -> Void) async -> (any Error)? {
        do {
            try await body()
            return nil
        } catch {
            return error
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) throws {
        let acknowledged = acknowledged.withLock { $0 }
        // A commit that failed counts for nobody, but the log may hold it whole.
        let possible = end.error == nil ? [] : Set(Self.rows).subtracting(acknowledged)
        try world.verify(end, committed: acknowledged, possible: possible)
    }
}
