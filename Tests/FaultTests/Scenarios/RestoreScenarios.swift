import Accounts
import Backups
import FaultInjection
import Testing
import UserEngines

extension FaultSuite {
    @Test("restoring a backup")
    func restoring() async throws { try await FaultRun<RestoreScenario<DatabaseAlone>>().run() }

    @Test("restoring a backup with all its parts")
    func restoringAll() async throws { try await FaultRun<RestoreScenario<AllParts>>().run() }

    @Test("starting with what a killed server has left")
    func leftovers() async throws { try await FaultRun<LeftoversScenario>().run() }
}

private protocol RestoredParts {
    static var name: String { get }
    static var parts: Backups.Parts { get }
}

private enum DatabaseAlone: RestoredParts {
    static let name = "restore"
    static let parts = Backups.Parts.database
}

private enum AllParts: RestoredParts {
    static let name = "restore all parts"
    static let parts = Backups.Parts.all
}

/// The backup replaces the databases, which become a backup themselves: each is the old one or the new one.
private final class RestoreScenario<Restored: RestoredParts>: FaultScenario {
    static var name: String { Restored.name }
    static var reached: Set<FaultKind> {
        [.memory, .open, .read, .write, .full, .sync, .size, .rename, .link, .nameSync]
    }
    static var stride: FaultStride { .sparse }

    private let world: BackupWorld
    private let prepared: PreparedBackups

    /// The database is open and has a log: whoever restores has just used it.
    init(in directory: String) async throws {
        (world, prepared) = try await PreparedBackups.world(in: directory)
        try await world.run("SELECT 1")
    }

    func run() async throws {
        try await world.settling {
            let safety = try await world.backups.restore(
                prepared.backup.id, of: world.user, parts: Restored.parts, userKey: world.access.userKey())
            try require(safety != nil, "there is no safety backup")
        }
    }

    func problems() -> [String] { world.problems() }
    func proceed() async throws { try await world.proceed() }
    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireBackup(prepared)
        let isReplaced = remains.rows == BackupWorld.backedUp
        try require(isReplaced || remains.rows == BackupWorld.present, "rows \(remains.rows.sorted())")
        if end.error == nil {
            try require(isReplaced, "the database is the old one")
            try require(remains.missing == 0, "\(remains.missing) backups without a file")
            let mark = Restored.parts == .all ? PreparedBackups.marks.backedUp : PreparedBackups.marks.present
            try require(remains.mark == mark, "the service database is number \(remains.mark)")
        }
        // A copy of the files has a safety backup that a server which was killed would have had as a second name.
        let safety = remains.backups.filter { $0.record.kind == .safety }.map(\.rows)
        try require(safety.allSatisfy { $0 == BackupWorld.present }, "safety backups \(safety.map { $0.sorted() })")
        if isReplaced { try require(safety.count == 1, "\(safety.count) safety backups") }
    }
}

/// The server was killed while a backup, an export and a restore were under way: nothing of them is taken for a backup.
private final class LeftoversScenario: FaultScenario {
    static let name = "start with leftovers"
    static let reached: Set<FaultKind> = [.memory, .write, .full, .sync, .indexLock]
    static let stride = FaultStride.sparse

    private let world: BackupWorld
    private let prepared: PreparedBackups

    init(in directory: String) async throws {
        prepared = try await PreparedBackups.files(in: directory)
        world = try BackupWorld(in: directory, token: prepared.token)
        try await world.open()
        try await leave()
    }

    private func leave() async throws {
        let (accounts, files, user) = (try world.accounts.accounts, world.accounts.engines.files, try world.user)
        let directory = files.backupDirectory(of: user)
        for (kind, name) in [(BackupRecord.Kind.manual, ".db.partial"), (.safety, ".db")] {
            let id = BackupID()
            try await accounts.insertBackup(
                id, of: user, kind: kind, label: nil, created: prepared.backup.created, bytes: 1)
            try StoredFile.link(files.databasePath(of: user), to: "\(directory)/20260101T000000Z-\(id)\(name)")
        }
        try StoredFile.link(files.servicePath(of: user), to: files.directory(of: user) + "/export.partial")
    }

    func run() async throws { try await world.backups.start() }

    /// The start is refused, and the next one removes them.
    func proceed() async throws {
        try await world.backups.start()
        let problems = world.problems()
        try require(problems.isEmpty, "after the start: \(problems)")
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireUnchanged(prepared)
        try require(remains.missing == 0, "\(remains.missing) backups without a file")
        let others = remains.backups.count { $0.record.id != prepared.backup.id && $0.record.kind == .manual }
        try require(others == (end.isCrash ? 0 : 1), "\(others) backups that nobody has made")
    }
}
