import Accounts
import UserEngines

extension Backups {
    /// Sees to it before anything is written that `bytes` more of a user's have room on the disk and in their share.
    ///
    /// - Throws: ``BackupError/diskFull``, ``BackupError/userDiskFull(limit:)``.
    func checkRoom(for bytes: Int64, of user: UserID) async throws {
        guard try files.freeBytes() >= bytes + configuration.reservedBytes else { throw BackupError.diskFull }
        let backups = try await accounts.backups(of: user).reduce(0) { $0 + $1.bytes }
        guard databaseBytes(of: user) + backups + bytes <= configuration.userDiskBytes else {
            throw BackupError.userDiskFull(limit: configuration.userDiskBytes)
        }
    }

    /// Throws ``BackupError/tooManyLabelled(limit:)`` if a user may have no further backup with a label.
    func checkLabels(of user: UserID) async throws {
        let labelled = try await accounts.backups(of: user).count { $0.label != nil }
        guard labelled < configuration.labelledLimit else {
            throw BackupError.tooManyLabelled(limit: configuration.labelledLimit)
        }
    }

    /// Bytes of a user's databases and their logs.
    func databaseBytes(of user: UserID) -> Int64 {
        engines.databases(of: user).reduce(0) {
            $0 + DataDirectory.size(ofFile: $1) + DataDirectory.size(ofFile: $1 + "-wal")
        }
    }
}
