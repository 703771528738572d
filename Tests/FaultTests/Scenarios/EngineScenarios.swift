import FaultInjection
import SQLCipher
import Synchronization
import Testing
import Timekeeping
import UserEngines

extension FaultSuite {
    @Test("the first use of an engine, which opens it")
    func firstUse() async throws { try await FaultRun<FirstUseScenario>().run() }

    @Test("taking connections of an engine and giving them back")
    func leases() async throws { try await FaultRun<LeaseScenario>().run() }

    @Test("making a user's database")
    func database() async throws { try await FaultRun<DatabaseScenario>().run() }

    @Test("closing an engine by force")
    func forcedClose() async throws { try await FaultRun<ForcedCloseScenario>().run() }
}

/// A request opens its user's engine and reads.
private struct FirstUseScenario: FaultScenario {
    static let name = "first use of an engine"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .shortRead, .size, .lock, .indexMap, .indexLock]

    private let world: EngineWorld

    init(in directory: String) throws { world = try EngineWorld(in: directory) }

    func run() async throws {
        try await world.settling {
            let count = try await world.count()
            try require(count == SampleDatabase.initialRows.count, "\(count) rows were read")
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }
    func verify(_ end: End) throws { try world.verify(end) }
}

/// On an open engine: a reader is leased, then the writer for a statement, for a batch in one transaction, and for one that
/// leaves a transaction open, which its release rolls back.
private final class LeaseScenario: FaultScenario {
    static let name = "pool acquire and release"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .indexLock]

    private static let single: Int64 = 71
    private static let batch: [Int64] = [72, 73]
    private static let abandoned: Int64 = 74

    private let world: EngineWorld
    /// What was acknowledged, and what was being committed when a fault struck.
    private let progress = Mutex<(committed: Set<Int64>, possible: Set<Int64>)>(([], []))

    init(in directory: String) async throws {
        world = try EngineWorld(in: directory)
        try await world.withEngine { _ in }
    }

    func run() async throws {
        try await world.settling {
            _ = try await world.count()
            progress.withLock { $0.possible = [Self.single] }
            try await world.insert(Self.single)
            progress.withLock { $0 = ([Self.single], []) }
            try await insertBatch()
            try await abandonTransaction()
        }
    }

    private func insertBatch() async throws {
        try await world.withEngine { engine in
            try await engine.runBatch(atomic: true, timeout: .seconds(10)) { runner in
                try Self.insert(Self.batch, with: runner)
                progress.withLock { $0.possible = Set(Self.batch) }
            }
        }
        progress.withLock { $0 = ($0.committed.union(Self.batch), []) }
    }

    private func abandonTransaction() async throws {
        do {
            try await world.withEngine { engine in
                try await engine.runBatch(atomic: false, timeout: .seconds(10)) { runner in
                    try runner.run("BEGIN", .none) { statement, _ in _ = try statement.step() }
                    try Self.insert([Self.abandoned], with: runner)
                }
            }
        } catch EngineError.transactionLeftOpen {
            return
        }
        throw Broken("a transaction was left open without an error")
    }

    private static func insert(_ ids: [Int64], with runner: StatementRunner) throws {
        for id in ids {
            try runner.run(SampleDatabase.insertion, SampleDatabase.arguments(id)) { statement, _ in
                while try statement.step() {}
            }
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) throws {
        let (committed, possible) = progress.withLock { $0 }
        try world.verify(end, committed: committed, possible: possible)
    }
}

/// A new user's database is made: all of it, or nothing.
private struct DatabaseScenario: FaultScenario {
    static let name = "make a user's database"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .delete, .lock, .unlock]

    private let world: EngineWorld

    init(in directory: String) throws { world = try EngineWorld(in: directory, hasDatabase: false) }

    func run() async throws {
        try await world.settling { try await world.registry.createDatabase(of: world.user, key: EngineWorld.key()) }
    }

    func problems() -> [String] { world.problems() }

    func proceed() async throws {
        try await world.registry.deleteDatabase(of: world.user)
        try await world.registry.createDatabase(of: world.user, key: EngineWorld.key())
        try await world.withEngine { engine in
            try await engine.run(SampleDatabase.schema, .none, timeout: .seconds(10)) { statement, _ in
                _ = try statement.step()
            }
        }
        try await world.insert(1)
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) throws {
        let path = end.directory + world.relativePath
        if !end.isCrash { return try require(try SampleDatabase(path: path).checkedRows() == [1], "the row is gone") }
        guard end.error == nil else {
            return try require(DataDirectory.size(ofFile: path) == 0, "a failure has left a database")
        }
        let connection = try SampleDatabase(path: path).open()
        try connection.close()
    }
}

/// An engine closes while a statement of its is in the cache and its log has rows.
private struct ForcedCloseScenario: FaultScenario {
    static let name = "force an engine to close"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .delete, .lock]

    private static let row: Int64 = 75
    private let world: EngineWorld

    init(in directory: String) async throws {
        world = try EngineWorld(in: directory)
        try await world.insert(Self.row)
        _ = try await world.count()
    }

    func run() async throws {
        try await world.settling {
            guard await world.registry.forceClose(world.user, reason: .admin) else { throw EngineError.unavailable }
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }
    func verify(_ end: End) throws { try world.verify(end, committed: [Self.row]) }
}
