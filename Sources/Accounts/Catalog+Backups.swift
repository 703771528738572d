import SQLCipher
import Timekeeping
import UserEngines

extension Catalog {
    static let backupColumns = "id, user, kind, label, created, bytes, data_key, seal"

    /// Adds a backup, with the seal of the key that the user's files have now; false if there is no such user.
    func insertBackup(
        _ id: BackupID, of user: UserID, kind: BackupRecord.Kind, label: String?, created: UnixTime, bytes: Int64
    ) throws -> Bool {
        try run(
            """
            INSERT INTO backups (\(Self.backupColumns))
            SELECT ?, user, ?, ?, ?, ?, id, seal FROM data_keys WHERE user = ? AND state = 'current'
            """,
            [
                .text(id.description), .text(kind.rawValue), label.map { .text($0) } ?? .null, created.value,
                .integer(bytes), .text(user.description),
            ]) == 1
    }

    /// All backups of a user, the latest first. A damaged record is left out.
    func backups(of user: UserID) throws -> [BackupRecord] {
        try rows(
            "SELECT \(Self.backupColumns) FROM backups WHERE user = ? ORDER BY created DESC, id",
            [.text(user.description)]
        ).compactMap { try? Self.backup($0) }
    }

    func backup(_ id: BackupID, of user: UserID) throws -> BackupRecord? {
        try firstRow(
            "SELECT \(Self.backupColumns) FROM backups WHERE id = ? AND user = ?",
            [.text(id.description), .text(user.description)]
        ).map(Self.backup)
    }

    func deleteBackup(_ id: BackupID, of user: UserID) throws {
        try run("DELETE FROM backups WHERE id = ? AND user = ?", [.text(id.description), .text(user.description)])
    }

    /// When the user's files were last copied, or made; `nil` if there is no such user.
    func lastBackup(of user: UserID) throws -> UnixTime? {
        try firstRow(
            """
            SELECT max(created, coalesce(
                (SELECT max(created) FROM backups WHERE user = users.id AND kind <> 'safety'), 0))
            FROM users WHERE id = ?
            """, [.text(user.description)]
        ).map { try CatalogRow($0, of: "backups").time(0) }
    }

    static func backup(_ values: [Value]) throws -> BackupRecord {
        let row = CatalogRow(values, of: "backups")
        guard let kind = BackupRecord.Kind(rawValue: try row.text(2)) else {
            throw CatalogError.damagedRecord(table: "backups")
        }
        return BackupRecord(
            id: try row.id(0), userID: try row.userID(1), kind: kind, label: try row.optionalText(3),
            created: try row.time(4), bytes: try row.integer(5),
            sealedKey: SealedDataKey(id: try row.id(6), seal: try row.seal(7)))
    }
}
