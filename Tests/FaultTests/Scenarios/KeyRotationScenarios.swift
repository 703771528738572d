import Accounts
import Backups
import FaultInjection
import Testing
import UserEngines

extension FaultSuite {
    @Test("changing the key of a user's databases")
    func keyRotation() async throws { try await FaultRun<KeyRotationScenario>().run() }

    @Test("ending a change of the key that was cut short")
    func keyRotationEnd() async throws { try await FaultRun<KeyRotationEndScenario>().run() }
}

/// Both databases get another key: whatever happens, they have one that opens them.
private final class KeyRotationScenario: FaultScenario {
    static let name = "change the data key"
    static let reached: Set<FaultKind> = [
        .memory, .open, .read, .write, .full, .sync, .truncate, .size, .rename, .nameSync,
    ]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    /// The database is open.
    init(in directory: String) async throws {
        (world, prepared) = try await PreparedBackups.world(in: directory)
        try await world.run("SELECT 1")
    }

    func run() async throws {
        try await world.settling {
            try await world.backups.rotateKey(of: world.user, userKey: world.access.userKey())
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireUnchanged(prepared)
        try require(remains.missing == 0, "\(remains.missing) backups without a file")
        if end.error == nil { try require(remains.key != prepared.key, "the key is the old one") }
    }
}

/// The server ended when one of two databases had its new key. The next use of them brings the change to an end.
private final class KeyRotationEndScenario: FaultScenario {
    static let name = "end a change of the data key"
    static let reached: Set<FaultKind> = [
        .memory, .open, .read, .write, .full, .sync, .truncate, .size, .rename, .nameSync,
    ]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    init(in directory: String) async throws {
        (world, prepared) = try await PreparedBackups.world(in: directory)
        let (result, struck) = await Faults.run(with: Fault(.rename, call: 2, isLasting: true)) {
            try await world.backups.rotateKey(of: world.user, userKey: world.access.userKey())
        }
        guard struck == 1, case .failure = result else { throw Broken("the change of the key has not failed") }
    }

    func run() async throws { try await world.settling { _ = try await world.run("SELECT 1") } }
    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireUnchanged(prepared)
        try require(remains.key != prepared.key, "the key is the old one")
    }
}
