import Logging
import SQLCipher
import UserEngines

/// What the catalog says of users and backups, read without a server or beside one. No secret is needed, and
/// nothing is written but what a crash has left in the log.
public struct CatalogSurvey: Sendable {
    /// The users whose record can be read, in the order of their lower-case names.
    public let users: [User]
    /// The backups whose record can be read, those of one user together and the latest first.
    public let backups: [BackupRecord]
    /// What is wrong with the file, in SQLite's words and this program's; empty if nothing is.
    public let problems: [String]
    private let ids: Set<String>

    /// Reads the whole catalog, and checks it if told to.
    ///
    /// - Throws: ``CatalogError`` for a file that cannot be read, or was written by a newer program.
    public init(path: String, checking: Bool = false, logger: Logger = Logger(label: "coffer.accounts")) throws {
        do {
            // The interface to the file system that a server opens it with.
            let connection = try Connection.open(
                ConnectionConfiguration(path: path, fileSystem: .unix, access: .queryOnly, logger: logger), key: nil)
            do {
                try self.init(connection, checking: checking)
            } catch {
                _ = try? connection.close()
                throw error
            }
            try connection.close()
        } catch let error as SQLiteError {
            throw CatalogError.unavailable(error)
        }
    }

    private init(_ connection: Connection, checking: Bool) throws {
        guard case .integer(let version)? = try connection.firstRow("PRAGMA user_version")?.first else {
            throw CatalogError.damagedRecord(table: "sqlite_schema")
        }
        guard version <= CatalogSchema.migrations.version else {
            throw CatalogError.newerSchema(found: Int(version), supported: CatalogSchema.migrations.version)
        }
        let tables = Set(try connection.rows("SELECT name FROM sqlite_schema WHERE type = 'table'").map(Self.text))
        var problems: [String] = []
        var ids: Set<String> = []
        var users: [User] = []
        var backups: [BackupRecord] = []
        // An earlier program's catalog, which the next start brings up to date, may have no backups yet.
        if tables.contains("users") {
            for row in try connection.rows("SELECT \(Catalog.userColumns) FROM users ORDER BY username_folded") {
                ids.insert(Self.text(row))
                do {
                    users.append(User(try Catalog.user(row)))
                } catch {
                    problems.append("\(error): \(Self.text(row))")
                }
            }
        } else {
            problems.append("it has no table of users")
        }
        if tables.contains("backups") {
            let rows = try connection.rows(
                "SELECT \(Catalog.backupColumns) FROM backups ORDER BY user, created DESC, id")
            for row in rows {
                do {
                    backups.append(try Catalog.backup(row))
                } catch {
                    problems.append("\(error): \(Self.text(row))")
                }
            }
        }
        if checking { problems += try Self.structuralProblems(connection) }
        (self.users, self.backups, self.problems, self.ids) = (users, backups, problems, ids)
    }

    /// Whether there is a record of the user, even a damaged one.
    public func knows(_ user: UserID) -> Bool {
        ids.contains(user.description)
    }

    /// A user by name in any case.
    public func user(named name: String) -> User? {
        users.first { $0.username.lowercased() == name.lowercased() }
    }

    /// https://www.sqlite.org/pragma.html#pragma_integrity_check and
    /// https://www.sqlite.org/pragma.html#pragma_foreign_key_check
    private static func structuralProblems(_ connection: Connection) throws -> [String] {
        try connection.rows("PRAGMA integrity_check").map(text).filter { $0 != "ok" }
            + connection.rows("PRAGMA foreign_key_check").prefix(100).map { "a record of \(text($0)) has no user" }
    }

    private static func text(_ row: [Value]) -> String {
        if case .text(let text)? = row.first { text } else { "" }
    }
}
