import Accounts
import Glibc
import UserEngines

/// What can be said of a user's backups without their keys. Their files never change, so a server may be running.
public enum BackupShape {
    /// What is wrong with the files of a backup in the catalog; empty if nothing is.
    public static func problems(of backup: BackupRecord, in files: DataDirectory) -> [String] {
        let paths = BackupFiles(backup, in: files)
        let parts = BackupFiles.Part.allCases.filter { $0 == .main || StoredFile.exists(paths[$0]) }
        let problems = parts.flatMap { part in
            EncryptedFileShape.problems(of: paths[part], readingHeader: true).map { "\(name(of: part)) \($0)" }
        }
        guard problems.isEmpty else { return problems }
        let bytes = parts.reduce(0) { $0 + DataDirectory.size(ofFile: paths[$1]) }
        return bytes == backup.bytes ? [] : ["has \(bytes) bytes, and the catalog says \(backup.bytes)"]
    }

    /// The files in a user's backup directory that no backup of the catalog has, as paths.
    public static func strangers(of user: UserID, beside backups: [BackupRecord], in files: DataDirectory) -> [String] {
        let directory = files.backupDirectory(of: user)
        let known = Set(backups.map(\.id))
        return StoredFile.names(in: directory).sorted()
            .filter { name in
                !StoredFile.isPartial(name) && BackupFiles.id(ofFile: name).map(known.contains) != true
            }
            .map { "\(directory)/\($0)" }
    }

    /// The file that holds the user's own database.
    public static func path(of backup: BackupRecord, in files: DataDirectory) -> String {
        BackupFiles(backup, in: files).main
    }

    private static func name(of part: BackupFiles.Part) -> String {
        switch part {
        case .main: "the file"
        case .service: "the file of the service database"
        }
    }
}
