import Accounts
import Timekeeping
import UserEngines

/// The paths of one backup's files: `<time>-<id>.db` holds the user's database and `<time>-<id>.service.db`, if there
/// was one, what the server keeps for them.
///
/// A backup exists once its first file has this name. Until then both end in `.partial`.
struct BackupFiles: Sendable {
    /// One of the databases of a user.
    enum Part: CaseIterable {
        /// The user's own.
        case main
        /// What the server keeps for them.
        case service
    }

    let directory: String
    let name: String

    init(_ id: BackupID, of user: UserID, created: UnixTime, in files: DataDirectory) {
        directory = files.backupDirectory(of: user)
        let time = created.iso8601.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }
        name = "\(time)Z-\(id)"
    }

    init(_ backup: BackupRecord, in files: DataDirectory) {
        self.init(backup.id, of: backup.userID, created: backup.created, in: files)
    }

    var main: String { self[.main] }

    subscript(part: Part) -> String {
        switch part {
        case .main: "\(directory)/\(name).db"
        case .service: "\(directory)/\(name).service.db"
        }
    }

    /// The backup that a file in the directory belongs to, by its name; `nil` for a stranger's.
    static func id(ofFile name: String) -> BackupID? {
        guard let end = name.firstIndex(of: "."), let dash = name[..<end].lastIndex(of: "-") else { return nil }
        return BackupID(name[name.index(after: dash)..<end])
    }

    /// Removes what there is; without its first file the backup is gone.
    func remove() throws {
        for part in Part.allCases {
            try DatabaseCopy.remove(self[part])
            try DatabaseCopy.remove(self[part] + StoredFile.partialSuffix)
        }
    }
}

extension DataDirectory {
    /// The file of one of a user's databases.
    func path(of part: BackupFiles.Part, _ user: UserID) -> String {
        switch part {
        case .main: databasePath(of: user)
        case .service: servicePath(of: user)
        }
    }
}
