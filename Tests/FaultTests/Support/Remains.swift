import Accounts
import Backups
import CofferTesting
import SQLCipher
import Secrets
import UserEngines

/// What a scenario with backups has left, as the next server finds it.
struct Remains {
    /// The rows of the user's database.
    let rows: Set<Int64>
    /// The number of the service database.
    let mark: Int64
    /// The backups that are listed and have a file, with their rows.
    let backups: [(record: BackupRecord, rows: Set<Int64>)]
    /// How many are listed without a file.
    let missing: Int
    /// The key of the databases.
    let key: [UInt8]

    /// Starts a server on the files, which must find all in order: nothing half done, backups that verify, and a database
    /// that can be written to.
    static func find(_ end: End, _ prepared: PreparedBackups) async throws -> Remains {
        let world = try BackupWorld(in: end.directory, token: prepared.token)
        let (listed, missing, key): ([(BackupRecord, SampleDatabase)], Int, [UInt8])
        let (database, service): (String, String)
        do {
            try world.accounts.checkCatalog()
            try await world.open(isStarted: true)
            let problems = world.problems()
            try require(problems.isEmpty, "after the start: \(problems)")
            (listed, missing) = try await backups(of: world)
            key = try await bytes(of: world.access.dataKey(in: world.engines))
            if end.isCrash { try await world.insert(BackupWorld.laterRow) }
            (database, service) = (
                world.accounts.engines.files.databasePath(of: try world.user),
                world.accounts.engines.files.servicePath(of: try world.user)
            )
        } catch {
            try await world.close()
            throw error
        }
        try await world.close()
        try require(try world.accounts.pendingKeys().isEmpty, "a key is pending")
        var rows = try SampleDatabase(path: database, key: key).checkedContent()
        try require(rows.remove(BackupWorld.laterRow) != nil, "the later row is not there")
        return Remains(
            rows: rows, mark: try mark(of: SampleDatabase(path: service, key: key)),
            backups: try listed.map { ($0, try $1.checkedContent()) }, missing: missing, key: key)
    }

    /// Checks that every file belongs to a backup that is listed, and every one of these verifies.
    private static func backups(of world: BackupWorld) async throws -> ([(BackupRecord, SampleDatabase)], Int) {
        let (backups, user) = (try world.backups, try world.user)
        var listed: [(BackupRecord, SampleDatabase)] = []
        var missing = 0
        var names = Set(StoredFile.names(in: world.accounts.engines.files.backupDirectory(of: user)))
        for record in try await backups.backups(of: user) {
            guard backups.hasFile(record) else {
                missing += 1
                continue
            }
            try await backups.verify(record.id, of: user, userKey: world.access.userKey())
            let path = backups.path(of: record)
            let key = try bytes(of: world.accounts.accounts.key(of: record, userKey: world.access.userKey()))
            listed.append((record, SampleDatabase(path: path, key: key)))
            names = names.filter { !$0.contains("\(record.id)") }
        }
        try require(names.isEmpty, "files without a record: \(names)")
        return (listed, missing)
    }

    private static func mark(of service: SampleDatabase) throws -> Int64 {
        let connection = try service.open()
        defer { _ = try? connection.close() }
        try IntegrityCheck.check(connection)
        guard case .integer(let mark)? = try connection.firstRow("PRAGMA application_id")?.first else {
            throw Broken("the service database has no number")
        }
        return mark
    }

    private static func bytes(of key: GuardedBytes) -> [UInt8] { key.withUnsafeBytes { Array($0) } }

    /// Checks that nothing has changed but the later row, and that the backup is there.
    func requireUnchanged(_ prepared: PreparedBackups) throws {
        try require(rows == BackupWorld.present, "rows \(rows.sorted())")
        try require(mark == PreparedBackups.marks.present, "the service database is another one")
        try requireBackup(prepared)
    }

    func requireBackup(_ prepared: PreparedBackups) throws {
        let kept = backups.first { $0.record.id == prepared.backup.id }
        try require(kept?.rows == BackupWorld.backedUp, "the backup holds \(kept?.rows.sorted() ?? [])")
    }
}
