import Accounts
import CofferTesting
import FaultInjection
import Synchronization
import Testing

extension FaultSuite {
    @Test("making the catalog")
    func makingCatalog() async throws { try await FaultRun<CatalogScenario>().run() }

    @Test("registering a user")
    func registration() async throws { try await FaultRun<RegistrationScenario>().run() }

    @Test("logging in, and using the user's database")
    func login() async throws { try await FaultRun<LoginScenario>().run() }
}

/// A server starts for the first time, and opens the catalog.
private final class CatalogScenario: FaultScenario {
    static let name = "make the catalog"
    static let reached: Set<FaultKind> = [
        .memory, .open, .read, .write, .full, .sync, .delete, .lock, .unlock, .indexMap,
    ]

    private let world: AccountWorld

    init(in directory: String) throws { world = try AccountWorld(in: directory) }

    func run() async throws { try await world.open() }

    func proceed() async throws {
        if !world.isOpen { try await world.open() }
        try await world.register("grace")
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        // What is left when there is no catalog is made anew.
        if end.isCrash && end.error != nil { return }
        try await AccountWorld.visit(end.directory) { world in
            if !end.isCrash { try await world.useDatabase(of: try await world.login("grace")) }
        }
    }
}

/// Somebody registers. Whoever is in the catalog afterwards has a database, whatever was answered.
private final class RegistrationScenario: FaultScenario {
    static let name = "registration"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .delete, .lock, .unlock]

    private let world: AccountWorld

    init(in directory: String) async throws {
        world = try AccountWorld(in: directory)
        try await world.open()
    }

    func run() async throws {
        try await world.engines.settling { try await world.register("ada") }
    }

    func problems() -> [String] { world.engines.problems(besides: 1) }

    func proceed() async throws {
        do {
            try await world.register("ada")
        } catch let error as AccountError where error.code == .usernameTaken {
            // The commit was asked for, has failed, and counts nevertheless: then the user is whole.
        }
        try await world.useDatabase(of: try await world.login("ada"))
        try await world.register("grace")
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await AccountWorld.visit(end.directory) { world in
            let ada = try await world.loginIfKnown("ada")
            if !end.isCrash || end.error == nil { try require(ada != nil, "a user is gone who was registered") }
            if !end.isCrash { try await world.useDatabase(of: try await world.login("grace")) }
        }
    }
}

/// Somebody logs in, and reads from their database.
private final class LoginScenario: FaultScenario {
    static let name = "login"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .indexLock]

    private let world: AccountWorld
    private let token = Mutex<SessionToken?>(nil)

    init(in directory: String) async throws {
        world = try AccountWorld(in: directory)
        try await world.open()
        try await world.register("ada")
    }

    func run() async throws {
        try await world.engines.settling {
            let login = try await world.login("ada")
            token.withLock { $0 = login.token }
            try await world.useDatabase(of: login)
        }
    }

    func problems() -> [String] { world.engines.problems(besides: 1) }

    func proceed() async throws { try await world.useDatabase(of: try await world.login("ada")) }

    func close() async throws { try await world.close() }

    /// A session that was given to its client is there, also when a later call failed.
    func verify(_ end: End) async throws {
        let token = token.withLock { $0 }
        try await AccountWorld.visit(end.directory) { world in
            if let token { _ = try world.accounts.authenticate(token) }
            try await world.useDatabase(of: try await world.login("ada"))
        }
    }
}
