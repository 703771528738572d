import Secrets
import Timekeeping
import UserEngines

extension Accounts {
    /// Keeps the record of a backup of the user's present files, and with it the seal of their key: no secret of the
    /// user is needed. Throws `not_found` for a user who is gone.
    public func insertBackup(
        _ id: BackupID, of user: UserID, kind: BackupRecord.Kind, label: String?, created: UnixTime, bytes: Int64
    ) async throws {
        try await catalog.transaction { catalog in
            guard
                try catalog.insertBackup(id, of: user, kind: kind, label: label, created: created, bytes: bytes)
            else { throw AccountError.userNotFound }
        }
    }

    /// The backups of a user, the latest first.
    public func backups(of user: UserID) async throws -> [BackupRecord] {
        try await catalog.backups(of: user)
    }

    /// One backup of a user; `nil` if there is none of that name.
    public func backup(_ id: BackupID, of user: UserID) async throws -> BackupRecord? {
        try await catalog.backup(id, of: user)
    }

    /// Forgets a backup. From then on nothing opens its files, if the user's key has changed since.
    public func deleteBackup(_ id: BackupID, of user: UserID) async throws {
        try await catalog.transaction { try $0.deleteBackup(id, of: user) }
    }

    /// When the user's last backup was made, safety backups not counted, or else the user; `nil` for one who is gone.
    public func lastBackup(of user: UserID) async throws -> UnixTime? {
        try await catalog.lastBackup(of: user)
    }

    /// The key of a backup's files. Throws `invalid_token` for a user key that is not its user's.
    public func key(of backup: BackupRecord, userKey: GuardedBytes) throws -> GuardedBytes {
        do {
            return try backup.sealedKey.open(with: userKey, of: backup.userID)
        } catch SecretsError.sealRefused {
            throw AccountError.invalidToken
        }
    }
}
