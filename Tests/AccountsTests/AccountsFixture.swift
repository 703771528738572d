import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts

/// Accounts over a catalog in a directory of their own, on a clock that the test moves.
final class AccountsFixture: Sendable {
    static let client = Client(address: "192.0.2.1", userAgent: "tests/1")

    let directory: TemporaryDirectory
    let time: ManualTime
    let activity: Activity
    let observer: RecordingObserver
    let accounts: Accounts

    var catalogPath: String { directory.file("catalog.db") }

    private init(
        directory: TemporaryDirectory, time: ManualTime, activity: Activity, observer: RecordingObserver,
        accounts: Accounts
    ) {
        self.directory = directory
        self.time = time
        self.activity = activity
        self.observer = observer
        self.accounts = accounts
    }

    static func open(
        in directory: TemporaryDirectory, at time: ManualTime = ManualTime(), settings: AccountSettings = .fast
    ) async throws -> AccountsFixture {
        let activity = Activity(time: time)
        let observer = RecordingObserver()
        let accounts = try await Accounts.open(
            catalogPath: directory.file("catalog.db"), settings: settings, activity: activity, time: time,
            observer: observer)
        return AccountsFixture(
            directory: directory, time: time, activity: activity, observer: observer, accounts: accounts)
    }

    /// Registers a user whose password is derived from the name.
    @discardableResult
    func register(_ name: String, withRecoveryCode: Bool = false) async throws -> Registration {
        try await accounts.register(
            username: name, password: .of(name), withRecoveryCode: withRecoveryCode)
    }

    func login(_ name: String, remember: Bool = false) async throws -> Login {
        try await accounts.login(username: name, password: .of(name), remember: remember, from: Self.client)
    }

    /// Changes the catalog behind the server's back.
    func tamper(_ sql: String) throws {
        let connection = try openCatalog()
        defer { _ = try? connection.close() }
        try connection.execute(sql)
    }

    func openCatalog() throws -> Connection {
        try Connection.open(ConnectionConfiguration(path: catalogPath, fileSystem: .unix), key: nil)
    }

    /// The seal of the one record of a table.
    func onlySeal(in table: String) throws -> [UInt8] {
        let connection = try openCatalog()
        defer { _ = try? connection.close() }
        let rows = try connection.rows("SELECT seal FROM \(table)")
        guard rows.count == 1, case .blob(let seal)? = rows.first?.first else {
            throw SQLiteError(.error, message: "not one seal in \(table)")
        }
        return seal
    }

    /// Every byte of the catalog's files.
    func catalogBytes() throws -> [UInt8] {
        try ["catalog.db", "catalog.db-wal"].flatMap { try fileBytes(directory.file($0)) }
    }
}

/// Runs `body` with open accounts, which are closed afterwards and have left no descriptor.
func withAccounts(
    settings: AccountSettings = .fast, time: ManualTime = ManualTime(),
    _ body: (AccountsFixture) async throws -> Void
) async throws {
    let directory = TemporaryDirectory()
    try await withAccounts(in: directory, settings: settings, time: time, body)
    withExtendedLifetime(directory) {}
}

/// The same in a directory that may hold a catalog from before.
func withAccounts(
    in directory: TemporaryDirectory, settings: AccountSettings = .fast, time: ManualTime = ManualTime(),
    _ body: (AccountsFixture) async throws -> Void
) async throws {
    let fixture = try await AccountsFixture.open(in: directory, at: time, settings: settings)
    do {
        try await body(fixture)
    } catch {
        try await fixture.accounts.close()
        throw error
    }
    try await fixture.accounts.close()
    #expect(OpenFiles.paths(under: directory.path).isEmpty)
    #expect(!directory.entries.contains("catalog.db-wal"))
}

extension Accounts {
    /// Registers a user without any files.
    func register(
        username: String, password: Password, withRecoveryCode: Bool = false, by registrar: Registrar = .visitor
    ) async throws -> Registration {
        try await register(
            username: username, password: password, withRecoveryCode: withRecoveryCode, by: registrar,
            creatingData: { _, _ in }, removingData: { _ in })
    }
}

extension AccountSettings {
    static let fast = AccountSettings(passwordParameters: .fastest, passwordHashesAtOnce: 2)
}

extension Password {
    /// A good password that only `name` has.
    static func of(_ name: String) -> Password {
        .text("the password of \(name.lowercased())")
    }

    static func text(_ text: String) -> Password {
        try! Password(copying: [UInt8](text.utf8))
    }
}

/// What a file holds; nothing if there is none. Only for files whose locks do not matter to this process.
func fileBytes(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = fread(&buffer, 1, buffer.count, file)
        guard count > 0 else { return bytes }
        bytes += buffer[..<count]
    }
}

extension [UInt8] {
    func contains(sequence: [UInt8]) -> Bool {
        precondition(!sequence.isEmpty)
        return indices.dropLast(sequence.count - 1).contains { start in
            self[start] == sequence[0] && self[start..<(start + sequence.count)].elementsEqual(sequence)
        }
    }
}

/// Expects `operation` to be refused with `code`, and gives the error.
@discardableResult
func expectRefusal<Result>(
    _ code: AccountError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    of operation: () async throws -> Result
) async -> AccountError? {
    let error = await #expect(throws: AccountError.self, sourceLocation: sourceLocation) { _ = try await operation() }
    #expect(error?.code == code, sourceLocation: sourceLocation)
    return error
}
