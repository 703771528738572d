import Accounts
import CofferTesting
import Research
import SQLCipher
import Synchronization
import Timekeeping
import UserEngines

/// One user with a session, and as many researches as may run at once: one more place that is used up is noticed.
final class ResearchWorld: Sendable {
    /// How long a research runs without a heartbeat.
    static let lease = Duration.seconds(120)

    let time: ManualTime
    let accounts: AccountWorld
    private let places: Int
    private let opened = Mutex<Researches?>(nil)
    private let login = Mutex<SessionToken?>(nil)

    /// Nothing is opened yet.
    init(in directory: String, from start: UnixTime? = nil, places: Int = 1) throws {
        time = start.map(ManualTime.init(unixTime:)) ?? ManualTime()
        self.places = places
        accounts = try AccountWorld(in: directory, time: time)
    }

    /// A world whose user has registered, logged in, and used their database but not their service database.
    static func settled(in directory: String, places: Int = 1) async throws -> ResearchWorld {
        let world = try ResearchWorld(in: directory, places: places)
        try await world.open()
        try await world.accounts.register("ada")
        try await world.logIn()
        return world
    }

    var isOpen: Bool { accounts.isOpen }

    var researches: Researches {
        get throws {
            guard let researches = opened.withLock({ $0 }) else { throw Broken("the researches are closed") }
            return researches
        }
    }

    /// What the user's session gives access to.
    var user: DataAccess {
        get throws {
            guard let token = login.withLock({ $0 }) else { throw Broken("the user is not logged in") }
            let accounts = try accounts.accounts
            return accounts.access(of: try accounts.authenticate(token), with: token)
        }
    }

    func open() async throws {
        try await accounts.open()
        var settings = ResearchSettings()
        settings.lease = Self.lease
        settings.limits = ResearchLimits(perUser: places, total: places)
        let researches = Researches(
            accounts: try accounts.accounts, engines: accounts.engines.registry, locks: accounts.engines.locks,
            settings: settings, time: time, events: ResearchEvents(time: time))
        opened.withLock { $0 = researches }
    }

    func logIn() async throws {
        let login = try await accounts.login("ada")
        self.login.withLock { $0 = login.token }
        try await accounts.useDatabase(of: login)
    }

    /// What a research's token gives access to; nil if it opens nothing any more.
    func worker(_ token: ResearchToken) throws -> DataAccess? {
        let accounts = try accounts.accounts
        do {
            return accounts.access(of: try accounts.authenticate(token), with: token)
        } catch AccountError.invalidToken {
            return nil
        }
    }

    func start() async throws -> ResearchGrant {
        try await researches.start(ResearchDraft(title: "tides"), by: user)
    }

    @discardableResult
    func heartbeat(_ grant: ResearchGrant, _ progress: Double) async throws -> ResearchRecord {
        guard let worker = try worker(grant.token) else { throw Broken("the token of a running research is refused") }
        return try await researches.heartbeat(
            grant.lease.id, Heartbeat(progress: progress, message: "at \(progress)"), by: worker)
    }

    func record(_ grant: ResearchGrant) async throws -> ResearchRecord {
        try await researches.research(grant.lease.id, by: user)
    }

    func records(in state: ResearchRecord.State? = nil) async throws -> [ResearchRecord] {
        try await researches.researches(in: state, PageRequest(limit: 100, maximumBytes: 1 << 20), by: user).items
    }

    /// Starts as many researches as may run, and ends them: no failure has used up a place.
    func proceed() async throws {
        let running = try await records(in: .running)
        try require(running.isEmpty, "researches run on: \(running.map(\.id))")
        var grants: [ResearchGrant] = []
        for _ in 0..<places { grants.append(try await start()) }
        for grant in grants {
            try await heartbeat(grant, 10)
            _ = try await researches.end(grant.lease.id, .cancelled, by: user)
        }
    }

    /// Besides what an engine keeps: who counts as active are those whose research runs.
    func problems() throws -> [String] {
        let engines = accounts.engines
        guard isOpen else { return engines.problems() }
        let leases = try accounts.accounts.researchLeases.count
        let active = engines.activity.count(of: .research)
        return engines.problems(besides: 1) + (leases == active ? [] : ["\(leases) leases, \(active) active"])
    }

    func settling(_ body: () async throws -> Void) async throws {
        try await accounts.engines.settling(body)
    }

    func close() async throws {
        opened.withLock { $0 = nil }
        try await accounts.close()
    }
}

extension ResearchWorld {
    /// Runs `body` on what a scenario has left. After a crash also checks that its researches end without anybody's doing: when
    /// their time is over no lease is left, no record says `running`, and every place is free.
    static func visit(
        _ end: End, at time: UnixTime, places: Int = 1, _ body: (ResearchWorld) async throws -> Void
    ) async throws {
        let world = try ResearchWorld(in: end.directory, from: time, places: places)
        do {
            try world.accounts.checkCatalog()
            try await world.open()
            try await world.logIn()
            try await body(world)
            try await world.checkRecords()
            if end.isCrash { try await world.outlive() }
        } catch {
            try await world.close()
            throw error
        }
        try await world.close()
        if end.isCrash {
            try require(try world.accounts.storedLeases().isEmpty, "the catalog has leases that nobody holds")
        }
    }

    private func outlive() async throws {
        time.advance(by: Self.lease)
        try await researches.endExpired()
        try await proceed()
    }

    /// Checks the service database itself, and the words that findings are searched by.
    private func checkRecords() async throws {
        try await user.withEngine(in: accounts.engines.registry) { engine in
            try await engine.withService(timeout: .seconds(10)) { connection in
                try IntegrityCheck.check(connection)
                // https://www.sqlite.org/fts5.html#the_integrity_check_command
                try connection.run("INSERT INTO findings_text (findings_text, rank) VALUES ('integrity-check', 1)")
            }
        }
    }
}
