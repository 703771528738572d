import Accounts
import Backups
import Glibc
import UserEngines

/// Checks everything in a data directory that can be checked without a key. Reads the catalog, asks the file system
/// about all else, and opens no database file that a server may have open. Changes nothing.
struct FileExamination {
    private static let databaseNames = ["main.db", "service.db"]
    /// What SQLite leaves beside a database while it is open, or after a crash.
    private static let companions = ["", "-wal", "-shm", "-journal"]

    private let files: DataDirectory
    private let catalog: CatalogSurvey
    private let owner: uid_t
    private(set) var report: DoctorReport

    /// Examines a data directory. Throws `DataDirectoryError` or `CatalogError` if it cannot be read.
    ///
    /// - Parameter pause: lasts longer than a user of a running server has files without a record, or a record without
    ///   files.
    static func report(
        on path: String, pause: () async throws -> Void = { try await Task.sleep(for: .seconds(1)) }
    ) async throws -> DoctorReport {
        let files = try DataDirectory(observing: path)
        let first = try FileExamination(files).report
        guard !first.findings.isEmpty else { return first }
        if first.isServerRunning { try await pause() }
        return first.confirmed(by: try FileExamination(files).report)
    }

    private init(_ files: DataDirectory) throws {
        self.files = files
        var status = stat()
        guard stat(files.path, &status) == 0 else { throw DataDirectoryError.unusable(path: files.path, errno: errno) }
        owner = status.st_uid
        report = DoctorReport(dataDirectory: files.path, isServerRunning: DataDirectory.isInUse(files.path))
        catalog = try CatalogSurvey(path: files.catalogPath, checking: true)
        report.users = catalog.users.count
        report.backups = catalog.backups.count
        examineTop()
        let stored = Set(files.users())
        for user in catalog.users.map(\.id) where !stored.contains(user) {
            report.add("the user has no directory", at: relative(files.directory(of: user)))
        }
        let backups = Dictionary(grouping: catalog.backups, by: \.userID)
        for user in stored.sorted(by: { "\($0)" < "\($1)" }) { examine(user, backups[user] ?? []) }
    }

    private mutating func examineTop() {
        examine(directory: files.path)
        for problem in catalog.problems { report.add(problem, at: relative(files.catalogPath)) }
        if !StoredFile.exists(files.versionPath) { report.add("is missing", at: relative(files.versionPath)) }
        let expected = Set(Self.companions.map { files.catalogPath + $0 } + [files.lockPath, files.versionPath])
        for path in contents(of: files.path) where path != files.usersPath {
            if expected.contains(path) {
                examine(file: path)
            } else {
                report.add("does not belong here", at: relative(path))
            }
        }
        guard StoredFile.exists(files.usersPath) else { return }
        examine(directory: files.usersPath)
        let stored = Set(files.users().map(files.directory(of:)))
        for prefix in contents(of: files.usersPath) {
            examine(directory: prefix)
            for path in contents(of: prefix) where !stored.contains(path) {
                report.add("does not belong here", at: relative(path))
            }
        }
    }

    private mutating func examine(_ user: UserID, _ backups: [BackupRecord]) {
        let directory = files.directory(of: user)
        examine(directory: directory)
        guard catalog.knows(user) else {
            return report.add("the catalog does not know this user", at: relative(directory))
        }
        let expected = Set(Self.databaseNames.flatMap { name in Self.companions.map { "\(directory)/\(name)\($0)" } })
        for path in contents(of: directory) where path != files.backupDirectory(of: user) {
            if expected.contains(path) { examine(file: path) } else { examine(stranger: path) }
        }
        for path in [files.databasePath(of: user), files.servicePath(of: user)]
        where path == files.databasePath(of: user) || StoredFile.exists(path) {
            for problem in EncryptedFileShape.problems(of: path, readingHeader: !report.isServerRunning) {
                report.add(problem, at: relative(path))
            }
        }
        examineBackups(of: user, backups)
    }

    private mutating func examineBackups(of user: UserID, _ backups: [BackupRecord]) {
        let directory = files.backupDirectory(of: user)
        if StoredFile.exists(directory) { examine(directory: directory) }
        let strangers = Set(BackupShape.strangers(of: user, beside: backups, in: files))
        for path in contents(of: directory) {
            if strangers.contains(path) {
                report.add("the catalog does not know this backup", at: relative(path))
            } else if StoredFile.isPartial(path) {
                examine(stranger: path)
            } else {
                examine(file: path)
            }
        }
        for backup in backups {
            for problem in BackupShape.problems(of: backup, in: files) {
                report.add("backup: \(problem)", at: relative(BackupShape.path(of: backup, in: files)))
            }
        }
    }

    /// A file that is not complete is work under way beside a server, and left over without one.
    private mutating func examine(stranger path: String) {
        guard StoredFile.isPartial(path) else {
            return report.add("does not belong here", at: relative(path))
        }
        if report.isServerRunning {
            examine(file: path)
        } else {
            report.add("was left half done; the next start removes it", at: relative(path))
        }
    }

    private mutating func examine(directory path: String) {
        examine(path, type: S_IFDIR, word: "directory", mode: 0o700)
    }

    private mutating func examine(file path: String) {
        report.files += 1
        examine(path, type: S_IFREG, word: "regular file", mode: 0o600)
    }

    private mutating func examine(_ path: String, type: mode_t, word: String, mode: mode_t) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            // What has gone since it was listed is nothing to find.
            if errno != ENOENT { report.add(String(cString: strerror(errno)), at: relative(path)) }
            return
        }
        guard status.st_mode & S_IFMT == type else { return report.add("is no \(word)", at: relative(path)) }
        if status.st_mode & 0o777 != mode {
            let found = String(status.st_mode & 0o777, radix: 8)
            report.add("has mode \(found), not \(String(mode, radix: 8))", at: relative(path))
        }
        if status.st_uid != owner {
            report.add("belongs to user \(status.st_uid), the data directory to user \(owner)", at: relative(path))
        }
    }

    private func contents(of directory: String) -> [String] {
        StoredFile.names(in: directory).sorted().map { "\(directory)/\($0)" }
    }

    private func relative(_ path: String) -> String {
        path == files.path ? path : String(path.dropFirst(files.path.count + 1))
    }
}
