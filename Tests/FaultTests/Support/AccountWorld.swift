import Accounts
import CofferTesting
import SQLCipher
import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// Accounts over a catalog, and the engines that their data keys open.
final class AccountWorld: Sendable {
    static let client = Client(address: "192.0.2.1", userAgent: "tests/1")

    let engines: EngineWorld
    private let catalogPath: String
    private let time: any TimeSource
    private let opened = Mutex<Accounts?>(nil)

    /// Nothing is opened yet.
    init(in directory: String, time: any TimeSource = SystemTime()) throws {
        self.time = time
        engines = try EngineWorld(in: directory, hasDatabase: false, time: time)
        catalogPath = directory + "/catalog.db"
    }

    var accounts: Accounts {
        get throws {
            guard let accounts = opened.withLock({ $0 }) else { throw Broken("the accounts are closed") }
            return accounts
        }
    }

    var isOpen: Bool { opened.withLock { $0 != nil } }

    func open() async throws {
        let accounts = try await Accounts.open(
            catalogPath: catalogPath,
            settings: AccountSettings(
                passwordParameters: try PasswordHash.Parameters(operations: 1, memoryBytes: 8_192),
                passwordHashesAtOnce: 1),
            activity: engines.activity, time: time, logger: .silent)
        opened.withLock { $0 = accounts }
    }

    @discardableResult
    func register(_ name: String) async throws -> UserID {
        try await accounts.register(
            username: name, password: Self.password(of: name),
            creatingData: { [engines] user, key in try await engines.registry.createDatabase(of: user, key: key) },
            removingData: { [engines] user in try await engines.registry.deleteDatabase(of: user) }
        ).user.id
    }

    /// - Parameter password: what the password is derived from, if not from the name.
    func login(_ name: String, password: String? = nil) async throws -> Login {
        try await accounts.login(username: name, password: Self.password(of: password ?? name), from: Self.client)
    }

    /// The user's login with the whole way to their database; nil if the credentials are refused.
    func loginIfKnown(_ name: String, password: String? = nil) async throws -> Login? {
        do {
            let login = try await login(name, password: password)
            try await useDatabase(of: login)
            return login
        } catch let error as AccountError where error.code == .invalidCredentials {
            return nil
        }
    }

    func delete(_ user: UserID) async throws {
        try await accounts.deleteUser(user) { [engines] user in
            try await engines.registry.deleteDatabase(of: user)
        }
    }

    /// Uses the user's database with a key that the session's token has opened.
    func useDatabase(of login: Login) async throws {
        let (accounts, session) = (try accounts, login.session)
        let used = try accounts.authenticate(login.token)
        try await engines.registry.withEngine(
            of: session.userID, key: { try await accounts.dataKey(for: used, with: login.token) }
        ) { engine in
            try await engine.run("PRAGMA integrity_check", .none, timeout: .seconds(10)) { statement, _ in
                try require(try statement.step() && statement.row() == [.text("ok")], "the user's file is damaged")
            }
        }
    }

    /// Checks the catalog's file itself; it must be closed.
    func checkCatalog() throws {
        try withCatalog { connection in
            let structure = try connection.rows("PRAGMA integrity_check")
            try require(structure == [[.text("ok")]], "the catalog's integrity_check: \(structure)")
            let keyless = try connection.rows("SELECT id FROM users WHERE id NOT IN (SELECT user FROM data_keys)")
            try require(keyless.isEmpty, "users without a key: \(keyless)")
        }
    }

    /// The ids of the researches that have a lease in the catalog's file; it must be closed.
    func storedLeases() throws -> [[Value]] {
        try withCatalog { try $0.rows("SELECT id FROM research_leases") }
    }

    /// The ids of the data keys that have not become a user's own; it must be closed.
    func pendingKeys() throws -> [[Value]] {
        try withCatalog { try $0.rows("SELECT id FROM data_keys WHERE state <> 'current'") }
    }

    private func withCatalog<Result>(_ body: (Connection) throws -> Result) throws -> Result {
        let connection = try Connection.open(
            ConnectionConfiguration(path: catalogPath, fileSystem: .unix, logger: .silent), key: nil)
        defer { _ = try? connection.close() }
        return try body(connection)
    }

    func close() async throws {
        let accounts = opened.withLock { accounts in
            defer { accounts = nil }
            return accounts
        }
        try await accounts?.close()
        try await engines.close()
    }

    static func password(of name: String) throws -> Password {
        try Password(copying: Array("the password of \(name)".utf8))
    }
}

extension AccountWorld {
    /// Runs `body` on the accounts that a scenario has left in `directory`, then closes them.
    static func visit(_ directory: String, _ body: (AccountWorld) async throws -> Void) async throws {
        let world = try AccountWorld(in: directory)
        do {
            try world.checkCatalog()
            try await world.open()
            try await body(world)
        } catch {
            try await world.close()
            throw error
        }
        try await world.close()
    }
}
