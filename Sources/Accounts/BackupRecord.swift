import Secrets
import Timekeeping
import UserEngines

/// What the catalog knows of a backup.
public struct BackupRecord: Sendable {
    /// Why it was made.
    public enum Kind: String, Sendable, CaseIterable {
        /// The user asked for it.
        case manual
        /// It was time.
        case scheduled
        /// It is what a restore replaced.
        case safety
    }

    /// Its name.
    public let id: BackupID
    /// Whose database it holds.
    public let userID: UserID
    /// Why it was made.
    public let kind: Kind
    /// What the user calls it. One with a label stays until the user deletes it.
    public let label: String?
    /// The moment that it holds, or a little earlier.
    public let created: UnixTime
    /// Bytes of its files.
    public let bytes: Int64
    /// The key of its files, sealed under the user key.
    let sealedKey: SealedDataKey
}

/// A data key under the user key, as the record of a key or of a backup keeps it.
struct SealedDataKey: Sendable {
    /// The record that the seal was made for.
    let id: DataKeyID
    let seal: Seal

    /// - Throws: `SecretsError` for another user's key.
    func open(with userKey: GuardedBytes, of user: UserID) throws -> GuardedBytes {
        try seal.open(with: userKey, context: .dataKey(id, of: user))
    }
}
