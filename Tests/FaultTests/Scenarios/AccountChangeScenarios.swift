import Accounts
import CofferTesting
import FaultInjection
import Synchronization
import Testing
import UserEngines

extension FaultSuite {
    @Test("changing a password")
    func passwordChange() async throws { try await FaultRun<PasswordChangeScenario>().run() }

    @Test("deleting an account")
    func deletion() async throws { try await FaultRun<DeletionScenario>().run() }

    @Test("starting with sessions, and writing when they were last used")
    func restart() async throws { try await FaultRun<RestartScenario>().run() }
}

/// A user gets a new password: exactly one of the two opens their database afterwards.
private final class PasswordChangeScenario: FaultScenario {
    static let name = "change a password"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]

    private let world: AccountWorld
    private let login: Login

    init(in directory: String) async throws {
        world = try AccountWorld(in: directory)
        try await world.open()
        try await world.register("ada")
        login = try await world.login("ada")
    }

    func run() async throws {
        try await world.accounts.changePassword(
            of: login.session, from: AccountWorld.password(of: "ada"), to: AccountWorld.password(of: "ada again"),
            client: AccountWorld.client)
    }

    func problems() -> [String] { world.engines.problems(besides: 1) }

    /// The session that asked for the change is as good as before.
    func proceed() async throws { try await world.useDatabase(of: login) }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await AccountWorld.visit(end.directory) { world in
            let old = try await world.loginIfKnown("ada") != nil
            let new = try await world.loginIfKnown("ada", password: "ada again") != nil
            try require(old != new, old ? "both passwords are good" : "no password is good")
            if end.error == nil { try require(new, "the new password is not good") }
        }
    }
}

/// An account is deleted: whoever is still in the catalog has a database, and whoever is told that it is gone is gone.
private final class DeletionScenario: FaultScenario {
    static let name = "delete an account"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]

    private let world: AccountWorld
    private let user: UserID

    init(in directory: String) async throws {
        world = try AccountWorld(in: directory)
        try await world.open()
        user = try await world.register("ada")
        try await world.useDatabase(of: try await world.login("ada"))
    }

    func run() async throws { try await world.engines.settling { try await world.delete(user) } }

    func problems() -> [String] { world.engines.problems(besides: 1) }

    func proceed() async throws {
        if try await world.loginIfKnown("ada") != nil { try await world.delete(user) }
        try await world.register("ada")
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let files = FileTree.paths(under: end.directory).filter { $0.contains("\(user)") }
        if end.error == nil { try require(files.isEmpty, "a deleted user has files: \(files)") }
        try await AccountWorld.visit(end.directory) { world in
            let isThere = try await world.loginIfKnown("ada") != nil
            if !end.isCrash { try require(isThere, "the new user is gone") }
            if end.isCrash && end.error == nil { try require(!isThere, "a deleted user is there") }
        }
    }
}

/// A server starts on a catalog with a session, whose token is used, and writes when that was.
private final class RestartScenario: FaultScenario {
    static let name = "restart with sessions"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .size, .lock, .indexMap, .indexLock]

    private let world: AccountWorld
    private let login: Login

    init(in directory: String) async throws {
        let earlier = try AccountWorld(in: directory)
        try await earlier.open()
        try await earlier.register("ada")
        login = try await earlier.login("ada")
        try await earlier.close()
        world = try AccountWorld(in: directory)
    }

    func run() async throws {
        try await world.open()
        _ = try world.accounts.authenticate(login.token)
        try await world.accounts.flushLastSeen()
    }

    func problems() -> [String] { world.engines.problems(besides: world.isOpen ? 1 : 0) }

    func proceed() async throws {
        if !world.isOpen { try await world.open() }
        let session = try world.accounts.authenticate(login.token)
        _ = try await world.accounts.dataKey(for: session, with: login.token)
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        try await AccountWorld.visit(end.directory) { [login] world in
            _ = try world.accounts.authenticate(login.token)
            try await world.useDatabase(of: try await world.login("ada"))
        }
    }
}
