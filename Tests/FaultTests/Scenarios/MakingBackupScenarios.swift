import Accounts
import Backups
import FaultInjection
import Testing

extension FaultSuite {
    @Test("making a backup, which replaces an older one")
    func makingBackup() async throws { try await FaultRun<MakingBackupScenario>().run() }

    @Test("verifying a backup")
    func verifyingBackup() async throws { try await FaultRun<VerifyingBackupScenario>().run() }

    @Test("deleting a backup")
    func deletingBackup() async throws { try await FaultRun<DeletingBackupScenario>().run() }
}

/// Both databases are copied, and the older backup goes when the new one is safe.
private final class MakingBackupScenario: FaultScenario {
    static let name = "make a backup"
    static let reached: Set<FaultKind> = [
        .memory, .open, .read, .shortRead, .write, .full, .sync, .size, .lock, .indexMap, .indexLock, .rename,
        .nameSync,
    ]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    init(in directory: String) async throws {
        (world, prepared) = try await PreparedBackups.world(in: directory, keep: 1)
    }

    func run() async throws { try await world.settling { _ = try await world.backUp() } }
    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try require(remains.rows == BackupWorld.present, "rows \(remains.rows.sorted())")
        let backups = remains.backups.map(\.rows)
        let later = BackupWorld.present.union([BackupWorld.laterRow])
        let known = [BackupWorld.backedUp, BackupWorld.present, later]
        try require(backups.allSatisfy { known.contains($0) }, "a backup of what never was")
        if end.isCrash {
            // A failed one may have left neither itself nor the older one unharmed, but never both.
            let wanted = end.error == nil ? BackupWorld.present : BackupWorld.backedUp
            try require(backups.contains(wanted), "backups \(backups.map { $0.sorted() })")
        } else {
            try require(backups == [later], "backups \(backups.map { $0.sorted() })")
        }
        // Where the older one's record could not be removed, the next backup does it.
        if end.error == nil, !end.isCrash {
            try require(remains.missing == 0, "\(remains.missing) backups without a file")
        }
    }
}

/// A backup is opened and read.
private final class VerifyingBackupScenario: FaultScenario {
    static let name = "verify a backup"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .size]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    init(in directory: String) async throws { (world, prepared) = try await PreparedBackups.world(in: directory) }

    func run() async throws {
        try await world.backups.verify(prepared.backup.id, of: world.user, userKey: world.access.userKey())
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireUnchanged(prepared)
        try require(remains.missing == 0, "\(remains.missing) backups without a file")
    }
}

/// A backup is deleted: whoever is told so does not see it again.
private final class DeletingBackupScenario: FaultScenario {
    static let name = "delete a backup"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    init(in directory: String) async throws { (world, prepared) = try await PreparedBackups.world(in: directory) }

    func run() async throws { try await world.backups.delete(prepared.backup.id, of: world.user) }
    func problems() -> [String] { world.problems() }

    /// What has failed can be done again.
    func proceed() async throws {
        do {
            try await run()
        } catch BackupError.notFound {}
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try require(remains.rows == BackupWorld.present, "rows \(remains.rows.sorted())")
        let isListed = remains.missing > 0 || remains.backups.contains { $0.record.id == prepared.backup.id }
        if end.error == nil || !end.isCrash { try require(!isListed, "a deleted backup is listed") }
    }
}
