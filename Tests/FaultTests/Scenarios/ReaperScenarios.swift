import FaultInjection
import Synchronization
import Testing
import Timekeeping
import UserEngines

extension FaultSuite {
    @Test("a pass of the reaper that closes an engine")
    func reaping() async throws { try await FaultRun<ReapingScenario>().run() }

    @Test("a release pass")
    func releasePass() async throws { try await FaultRun<ReleasePassScenario>().run() }
}

/// Nobody is active, so the pass closes the engine.
private struct ReapingScenario: FaultScenario {
    static let name = "reaping"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .delete, .lock]

    private static let row: Int64 = 81
    private let world: EngineWorld

    init(in directory: String) async throws {
        world = try EngineWorld(in: directory)
        try await world.insert(Self.row)
        _ = try await world.count()
    }

    func run() async throws {
        try await world.settling {
            let report = await world.reaper.pass()
            try require(report.closed == 1 && report.failed == 0, "the pass did not close the engine: \(report)")
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }
    func verify(_ end: End) throws { try world.verify(end, committed: [Self.row]) }
}

/// The user is active: the pass checkpoints the log, and closes the connections that nobody uses.
private final class ReleasePassScenario: FaultScenario {
    static let name = "release pass"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .indexLock]

    private static let row: Int64 = 82
    private let world: EngineWorld
    private let session: ActivityHolder

    init(in directory: String) async throws {
        world = try EngineWorld(in: directory)
        session = world.activity.begin(
            user: world.user, kind: .session, until: SystemTime().now.advanced(by: .seconds(3_600)))
        try await world.insert(Self.row)
        _ = try await world.count()
    }

    func run() async throws {
        try await world.settling {
            let report = await world.reaper.pass()
            try require(report.closed == 0 && report.isReleasePass, "the pass is none: \(report)")
        }
    }

    /// A checkpoint that fails is logged, and the connections close nevertheless.
    func problems() -> [String] {
        let pools = world.registry.census().total.occupancy
        return world.problems() + (pools.total == 0 ? [] : ["connections are open after the pass: \(pools)"])
    }

    func proceed() async throws { try await world.proceed() }

    func close() async throws {
        session.end()
        try await world.close()
    }

    func verify(_ end: End) throws { try world.verify(end, committed: [Self.row]) }
}
