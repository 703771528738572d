import SQLCipher
import Secrets
import UserEngines

extension Catalog {
    static let userColumns = """
        id, username, created, disabled, argon2_operations, argon2_memory_bytes, argon2_salt, password_seal, \
        password_version, recovery_seal
        """

    /// Adds a user; false if the name is taken.
    func insert(_ user: UserRecord) throws -> Bool {
        let hash = user.credentials.hash
        return try run(
            """
            INSERT INTO users (id, username, username_folded, created, disabled, argon2_operations,
                argon2_memory_bytes, argon2_salt, password_seal, password_version, recovery_seal)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (username_folded) DO NOTHING
            """,
            [
                .text(user.id.description), .text(user.username.text), .text(user.username.folded), user.created.value,
                .integer(user.isDisabled ? 1 : 0), .integer(Int64(hash.parameters.operations)),
                .integer(Int64(hash.parameters.memoryBytes)), .blob(hash.salt), user.credentials.seal.value,
                .integer(user.credentials.version), user.recoverySeal?.value ?? .null,
            ]) == 1
    }

    func user(named username: Username) throws -> UserRecord? {
        try firstRow(
            "SELECT \(Self.userColumns) FROM users WHERE username_folded = ?", [.text(username.folded)]
        ).map(Self.user)
    }

    func user(_ id: UserID) throws -> UserRecord? {
        try firstRow("SELECT \(Self.userColumns) FROM users WHERE id = ?", [.text(id.description)])
            .map(Self.user)
    }

    /// Users in the order of their folded names, those after `name` first; a damaged record is left out.
    func users(after name: String, limit: Int) throws -> [UserRecord] {
        try rows(
            "SELECT \(Self.userColumns) FROM users WHERE username_folded > ? ORDER BY username_folded LIMIT ?",
            [.text(name), .integer(Int64(limit))]
        ).compactMap { try? Self.user($0) }
    }

    /// The ids of all users, also of those whose record is damaged otherwise.
    func userIDs() throws -> Set<UserID> {
        try reporting {
            try connection.withStatement("SELECT id FROM users") { statement in
                var ids: Set<UserID> = []
                while try statement.step() {
                    guard case .text(let id) = try statement.column(0) else {
                        throw CatalogError.damagedRecord(table: "users")
                    }
                    if let id = UserID(id) { ids.insert(id) }
                }
                return ids
            }
        }
    }

    func hasUser(named username: Username) throws -> Bool {
        try firstRow("SELECT 1 FROM users WHERE username_folded = ?", [.text(username.folded)]) != nil
    }

    /// Replaces what the password is checked against, if it still is `old`; otherwise changes nothing and returns
    /// false.
    func replaceCredentials(_ old: Credentials, by new: Credentials, of user: UserID) throws -> Bool {
        try run(
            """
            UPDATE users SET argon2_operations = ?, argon2_memory_bytes = ?, argon2_salt = ?, password_seal = ?,
                password_version = ?
            WHERE id = ? AND password_version = ? AND password_seal = ?
            """,
            [
                .integer(Int64(new.hash.parameters.operations)), .integer(Int64(new.hash.parameters.memoryBytes)),
                .blob(new.hash.salt), new.seal.value, .integer(new.version), .text(user.description),
                .integer(old.version), old.seal.value,
            ]) == 1
    }

    /// Replaces the recovery seal, if the user's password still has the version `version` and the seal still is `old`.
    func replaceRecoverySeal(_ old: Seal?, by new: Seal?, of user: UserID, version: Int64) throws -> Bool {
        try run(
            "UPDATE users SET recovery_seal = ? WHERE id = ? AND password_version = ? AND recovery_seal IS ?",
            [new?.value ?? .null, .text(user.description), .integer(version), old?.value ?? .null]) == 1
    }

    /// Disables or enables; false if there is no such user.
    func setDisabled(_ isDisabled: Bool, user: UserID) throws -> Bool {
        try run(
            "UPDATE users SET disabled = ? WHERE id = ?", [.integer(isDisabled ? 1 : 0), .text(user.description)]) == 1
    }

    /// Deletes the user with every seal of theirs; false if there is no such user.
    func deleteUser(_ id: UserID) throws -> Bool {
        try run("DELETE FROM users WHERE id = ?", [.text(id.description)]) == 1
    }

    static func user(_ values: [Value]) throws -> UserRecord {
        let row = CatalogRow(values, of: "users")
        return UserRecord(
            id: try row.userID(0), username: try row.username(1), created: try row.time(2),
            isDisabled: try row.integer(3) != 0,
            credentials: Credentials(hash: try row.passwordHash(4), seal: try row.seal(7), version: try row.integer(8)),
            recoverySeal: try row.optionalSeal(9))
    }
}
