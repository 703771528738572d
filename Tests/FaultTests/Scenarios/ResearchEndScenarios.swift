import Accounts
import CofferTesting
import FaultInjection
import Research
import Testing
import Timekeeping

extension FaultSuite {
    @Test("completing a research")
    func completion() async throws { try await FaultRun<CompletionScenario>().run() }

    @Test("cancelling a research")
    func cancellation() async throws { try await FaultRun<CancellationScenario>().run() }

    @Test("cancelling all researches of a user", .enabled(if: LongTests.areEnabled))
    func allCancelled() async throws { try await FaultRun<AllCancelledScenario>().run() }

    @Test("ending leases that have run out")
    func expiry() async throws { try await FaultRun<ExpiryScenario>().run() }
}

/// A worker is done.
private final class CompletionScenario: FaultScenario {
    static let name = "complete a research"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]
    static let stride = FaultStride.coarse

    private static let result = "[1,2,3]"
    private let world: ResearchWorld
    private let grant: ResearchGrant

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        grant = try await world.start()
    }

    func run() async throws { try await world.settling { try await complete(in: world) } }

    func problems() throws -> [String] { try world.problems() }

    /// A worker that got no answer says it again, for as long as its token is good.
    func proceed() async throws {
        try await complete(in: world)
        try require(try world.worker(grant.token) == nil, "the token of a completed research is good")
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { world in
            if end.error == nil {
                try require(try world.worker(grant.token) == nil, "the token of a completed research is good")
            }
            try await complete(in: world)
            let record = try await world.record(grant)
            try require(record.state == .completed && record.result == Self.result, "the research is \(record.state)")
        }
    }

    private func complete(in world: ResearchWorld) async throws {
        guard let worker = try world.worker(grant.token) else { return }
        _ = try await world.researches.end(grant.lease.id, .completed(result: Self.result), by: worker)
    }
}

/// A user calls their research off. Its worker, who does not know, goes on with its heartbeats.
private final class CancellationScenario: FaultScenario {
    static let name = "cancel a research"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld
    private let grant: ResearchGrant

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        grant = try await world.start()
    }

    func run() async throws {
        try await world.settling {
            _ = try await world.researches.end(grant.lease.id, .cancelled, by: world.user)
        }
    }

    func problems() throws -> [String] { try world.problems() }

    func proceed() async throws {
        try await cancelAgain(in: world)
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { world in
            let isGood = try world.worker(grant.token) != nil
            if end.error == nil { try require(!isGood, "the token of a cancelled research is good") }
            if isGood { try await work(in: world) }
            let isRunning = try await world.record(grant).state == .running
            try require(try isRunning == (world.worker(grant.token) != nil), "record and lease contradict each other")
            try await cancelAgain(in: world)
        }
    }

    private func cancelAgain(in world: ResearchWorld) async throws {
        do {
            _ = try await world.researches.end(grant.lease.id, .cancelled, by: world.user)
        } catch ResearchError.ended(.cancelled) {}
        try require(try world.worker(grant.token) == nil, "the token of a cancelled research is good")
    }

    private func work(in world: ResearchWorld) async throws {
        do {
            try await world.heartbeat(grant, 50)
        } catch ResearchError.ended(.cancelled) {}
    }
}

/// A user logs out everywhere and calls all their researches off.
private final class AllCancelledScenario: FaultScenario {
    static let name = "cancel all researches"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]
    static let stride = FaultStride.coarse

    private let world: ResearchWorld
    private let grants: [ResearchGrant]

    init(in directory: String) async throws {
        world = try await .settled(in: directory, places: 2)
        grants = [try await world.start(), try await world.start()]
    }

    func run() async throws {
        try await world.settling { try await world.researches.cancelAll(by: world.user) }
    }

    func problems() throws -> [String] { try world.problems() }

    func proceed() async throws {
        try await world.researches.cancelAll(by: world.user)
        try requireRefused(in: world)
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime, places: 2) { world in
            if end.error == nil { try requireRefused(in: world) }
            try await world.researches.cancelAll(by: world.user)
            try requireRefused(in: world)
            for grant in grants {
                let state = try await world.record(grant).state
                try require(state != .running, "a research runs without a lease")
            }
        }
    }

    private func requireRefused(in world: ResearchWorld) throws {
        for grant in grants {
            try require(try world.worker(grant.token) == nil, "the token of a cancelled research is good")
        }
    }
}

/// The deadline of a research has passed, and the reaper comes by.
private final class ExpiryScenario: FaultScenario {
    static let name = "end expired leases"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]
    static let stride = FaultStride.sparse

    private let world: ResearchWorld
    private let grant: ResearchGrant

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        grant = try await world.start()
        world.time.advance(by: ResearchWorld.lease)
    }

    func run() async throws { try await world.researches.endExpired() }

    func problems() throws -> [String] {
        try world.problems() + (try world.worker(grant.token) == nil ? [] : ["an expired token is good"])
    }

    func proceed() async throws {
        try await world.researches.endExpired()
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        if end.error == nil || !end.isCrash {
            let leases = try AccountWorld(in: end.directory).storedLeases()
            try require(leases.isEmpty, "the catalog has expired leases")
        }
        try await ResearchWorld.visit(end, at: world.time.unixTime) { [grant] world in
            try require(try world.worker(grant.token) == nil, "an expired token is good")
            let state = try await world.record(grant).state
            try require(state == .expired, "a research whose time is over is \(state)")
        }
    }
}
