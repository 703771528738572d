import Backups
import HTTPServer
import JSON

extension ProblemMapping {
    static func backup(_ error: BackupError) -> Problem {
        switch error {
        case .notFound: .notFound("There is no such backup.")
        case .busy:
            Problem(.conflict, "busy", detail: "A backup, restore, export, import or change of the key is running.")
        case .cancelled: Problem(.conflict, "cancelled", detail: "The backup was cancelled.")
        case .engineClosed: .engineUnavailable
        case .diskFull: .diskFull
        case .userDiskFull(let limit):
            Problem(
                .insufficientStorage, "disk_full",
                detail: "Databases and backups of one user may take \(limit) bytes; delete backups first.",
                members: [JSONMember(name: "limit_bytes", value: .integer(limit))])
        case .tooManyLabelled(let limit):
            Problem(
                .conflict, "backup_limit",
                detail: "There are \(limit) backups with a label, which nothing else removes; delete some first.",
                members: [JSONMember(name: "limit", value: .integer(Int64(limit)))])
        case .invalidDatabase(let problems):
            Problem(
                .unprocessableContent, "invalid_database", title: "Invalid database",
                detail: "The file is damaged, or no database that can be taken in.",
                members: [JSONMember(name: "problems", value: .array(problems.map { .string($0) }))])
        }
    }
}

extension Problem {
    /// 507: the disk has no room for what was asked.
    static let diskFull = Problem(.insufficientStorage, "disk_full", detail: "The disk has not enough room.")
}
