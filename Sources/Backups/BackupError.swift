/// Why something with a backup was not done, beside what the modules below say.
public enum BackupError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The user has no such backup.
    case notFound
    /// A backup, restore, export, import or change of the key is running.
    case busy
    /// The file is not what it should be, and what is wrong.
    case invalidDatabase([String])
    /// The disk has no room.
    case diskFull
    /// The user's databases and backups would take more than they may.
    case userDiskFull(limit: Int64)
    /// The user has as many backups with a label as they may.
    case tooManyLabelled(limit: Int)
    /// The backup was cancelled.
    case cancelled
    /// The engine closed before the turn of a backup that is only due while it is open.
    case engineClosed

    /// The stable name, for logs.
    public var description: String {
        switch self {
        case .notFound: "not_found"
        case .busy: "busy"
        case .invalidDatabase(let problems): "invalid_database: \(problems.count) problems"
        case .diskFull: "disk_full"
        case .userDiskFull(let limit): "user_disk_full: \(limit)"
        case .tooManyLabelled(let limit): "too_many_labelled: \(limit)"
        case .cancelled: "cancelled"
        case .engineClosed: "engine_closed"
        }
    }
}
