import Accounts
import FaultInjection
import Research
import Testing

extension FaultSuite {
    @Test("adding findings")
    func findings() async throws { try await FaultRun<AddScenario>().run() }

    @Test("searching, which opens the service database")
    func search() async throws { try await FaultRun<SearchScenario>().run() }
}

/// A worker adds findings, all or none; one of them it had added before.
private final class AddScenario: FaultScenario {
    static let name = "add findings"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync, .indexLock]
    static let stride = FaultStride.coarse

    private static let keys = ["first", "second", "third"]
    private let world: ResearchWorld
    private let grant: ResearchGrant

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        grant = try await world.start()
        try await world.add(["first"], to: grant)
    }

    func run() async throws {
        try await world.settling { try await world.add(Self.keys, to: grant) }
    }

    func problems() throws -> [String] { try world.problems() }

    /// A worker that got no answer sends the same again.
    func proceed() async throws { try await world.add(Self.keys, to: grant) }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { [grant] world in
            let found = try await world.researches.findings(
                of: grant.lease.id, PageRequest(limit: 10, maximumBytes: 1 << 20), by: world.user
            ).items.map(\.key)
            let isComplete = found == Self.keys
            try require(isComplete || found == ["first"], "a part of the findings is there: \(found)")
            if end.error == nil || !end.isCrash { try require(isComplete, "the findings are not there") }
            let hits = try await world.search()
            try require(hits == found.count, "\(hits) of \(found.count) findings are found")
        }
    }
}

/// Somebody searches after the server has closed its idle connections.
private struct SearchScenario: FaultScenario {
    static let name = "search"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .shortRead, .size, .lock, .indexMap, .indexLock]
    static let stride = FaultStride.coarse

    private static let keys = (1...3).map { "key \($0)" }
    private let world: ResearchWorld

    init(in directory: String) async throws {
        world = try await .settled(in: directory)
        try await world.add(Self.keys, to: try await world.start())
        _ = await world.accounts.engines.reaper.pass()
        try await world.accounts.engines.settle()
    }

    func run() async throws {
        try await world.settling {
            let hits = try await world.search()
            try require(hits == Self.keys.count, "\(hits) hits")
        }
    }

    func problems() throws -> [String] { try world.problems() }
    func proceed() async throws { try await run() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await ResearchWorld.visit(end, at: world.time.unixTime) { world in
            let hits = try await world.search()
            try require(hits == Self.keys.count, "\(hits) hits")
        }
    }
}

extension ResearchWorld {
    /// Adds one finding for each key.
    fileprivate func add(_ keys: [String], to grant: ResearchGrant) async throws {
        guard let worker = try worker(grant.token) else { throw Broken("the token of a running research is refused") }
        let text = String(repeating: "moon and tides ", count: 100)
        let drafts = try keys.map { key in
            try FindingDraft(key: key, kind: "note", title: "about \(key)", url: nil, content: text, data: nil)
        }
        let added = try await researches.add(drafts, to: grant.lease.id, by: worker)
        try require(added.count == keys.count, "\(added.count) findings were added")
    }

    /// The number of findings that are found by a word which each of them has.
    fileprivate func search() async throws -> Int {
        try await researches.search(
            SearchQuery("moon"), PageRequest(limit: 100, maximumBytes: 1 << 20), by: user
        ).items.count
    }
}
