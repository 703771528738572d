import Accounts
import FaultInjection
import Research
import Synchronization
import Testing
import Timekeeping
import UserEngines

extension FaultSuite {
    @Test("the first use of a service database, which makes it")
    func serviceDatabase() async throws { try await FaultRun<ServiceDatabaseScenario>().run() }

    @Test("starting a research")
    func researchStart() async throws { try await FaultRun<ResearchStartScenario>().run() }

    @Test("the heartbeat of a research")
    func heartbeat() async throws { try await FaultRun<HeartbeatScenario>().run() }

    @Test("starting the server while a research runs, whose worker goes on")
    func researchRestart() async throws { try await FaultRun<ResearchRestartScenario>().run() }
}

/// A user asks for their researches for the first time: the file is made, and its tables.
private struct ServiceDatabaseScenario: FaultScenario {
    static let name = "first use of a service database"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .delete, .lock, .unlock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld

    init(in directory: String) async throws { world = try await .settled(in: directory) }

    func run() async throws {
        try await world.settling {
            let records = try await world.records()
            try require(records.isEmpty, "researches that nobody has started")
        }
    }

    func problems() throws -> [String] { try world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { world in
            let records = try await world.records()
            try require(records.count == (end.isCrash ? 0 : 1), "\(records.count) researches")
        }
    }
}

/// A research is started: either it runs, or it counts nowhere.
private final class ResearchStartScenario: FaultScenario {
    static let name = "start a research"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync, .indexLock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld
    private let grant = Mutex<ResearchGrant?>(nil)

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        _ = try await world.records()
    }

    func run() async throws {
        try await world.settling {
            let started = try await world.start()
            grant.withLock { $0 = started }
        }
    }

    func problems() throws -> [String] { try world.problems() }

    func proceed() async throws {
        if let grant = grant.withLock({ $0 }) {
            try await world.heartbeat(grant, 5)
            _ = try await world.researches.end(grant.lease.id, .cancelled, by: world.user)
        }
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let grant = grant.withLock { $0 }
        try await ResearchWorld.visit(end, at: world.time.unixTime) { world in
            guard let grant else { return }
            if end.isCrash { try await world.heartbeat(grant, 20) }
            let state = try await world.record(grant).state
            try require(state == (end.isCrash ? .running : .cancelled), "a research that was started is \(state)")
        }
    }
}

/// A worker says how far it is: what it was told holds, also for the next server.
private final class HeartbeatScenario: FaultScenario {
    static let name = "heartbeat"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync, .indexLock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld
    private let grant: ResearchGrant
    private let oldDeadline: UnixTime

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        grant = try await world.start()
        oldDeadline = grant.lease.expiresAt
        world.time.advance(by: ResearchWorld.lease / 2)
    }

    func run() async throws {
        try await world.settling { try await world.heartbeat(grant, 40) }
    }

    func problems() throws -> [String] { try world.problems() }

    func proceed() async throws {
        let record = try await world.heartbeat(grant, 50)
        try require(record.progress == 50, "the progress is \(record.progress)")
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let isRenewed = end.error == nil || !end.isCrash
        // Past the old deadline only a lease that was renewed is good.
        let time = isRenewed ? oldDeadline.advanced(by: .seconds(1)) : world.time.unixTime
        try await ResearchWorld.visit(end, at: time) { [grant] world in
            let record = try await world.record(grant)
            try require(record.state == .running, "a running research is \(record.state)")
            if isRenewed { try require(record.progress >= 40, "the progress is \(record.progress)") }
            try await world.heartbeat(grant, 60)
        }
    }
}

/// A server starts anew, and the worker of a research goes on.
private final class ResearchRestartScenario: FaultScenario {
    static let name = "restart with a research"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .shortRead, .size, .lock, .indexMap, .indexLock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld
    private let grant: ResearchGrant

    init(in directory: String) async throws {
        let earlier = try await ResearchWorld.settled(in: directory)
        grant = try await earlier.start()
        try await earlier.close()
        world = try ResearchWorld(in: directory)
    }

    func run() async throws {
        try await world.open()
        try await world.settling { try await world.heartbeat(grant, 30) }
    }

    func problems() throws -> [String] { try world.problems() }

    func proceed() async throws {
        if !world.isOpen { try await world.open() }
        try await world.heartbeat(grant, 40)
        let (id, user) = (grant.lease.id, grant.lease.userID)
        try require(try world.researches.events.isRunning(id, of: user), "nobody can listen to a running research")
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { [grant] world in
            let progress = try await world.record(grant).progress
            if end.error == nil { try require(progress >= 30, "the progress is \(progress)") }
            try await world.heartbeat(grant, 50)
        }
    }
}
