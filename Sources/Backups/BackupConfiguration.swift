/// When backups are made, how many are kept, and what room they may take.
public struct BackupConfiguration: Sendable {
    /// Backups without a label that are kept, safety backups not counted.
    public var keep = 7
    /// The age at which a backup without a label goes.
    public var maximumAge: Duration = .seconds(30 * 86_400)
    /// The age of a user's last backup at which another one is due, if the user is there.
    public var interval: Duration = .seconds(86_400)
    /// Backups with a label that a user may have: no retention removes them.
    public var labelledLimit = 100
    /// Bytes that the databases and backups of one user may take when a backup is made.
    public var userDiskBytes: Int64 = 4 << 30
    /// Bytes of the disk that a backup leaves free.
    public var reservedBytes: Int64 = 64 << 20
    /// Backups, verifications, restores and changes of keys at once, over all users.
    public var atOnce = 2
    /// How long the client of an export may take for some 64 KiB of it.
    public var stallTimeout: Duration = .seconds(60)
    /// How long it may take to make a database row by row of another one: an export as a plain one, or an import.
    public var copyTimeout: Duration = .seconds(600)
    /// How long a restore or a change of the key waits for requests that use the database.
    public var drainTimeout: Duration = .seconds(10)

    /// Makes the default configuration.
    public init() {}
}
