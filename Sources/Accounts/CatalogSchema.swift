import SQLCipher

/// The catalog's tables, by the versions that they have had. A version is never changed once released.
enum CatalogSchema {
    /// The version that this program writes.
    static var version: Int { migrations.count }

    /// What leads from each version to the next; the first makes version 1 of an empty file.
    private static let migrations = [
        """
        CREATE TABLE users (
            id TEXT PRIMARY KEY,
            username TEXT NOT NULL,
            username_folded TEXT NOT NULL UNIQUE,
            created INTEGER NOT NULL,
            disabled INTEGER NOT NULL DEFAULT 0 CHECK (disabled IN (0, 1)),
            argon2_operations INTEGER NOT NULL,
            argon2_memory_bytes INTEGER NOT NULL,
            argon2_salt BLOB NOT NULL,
            password_seal BLOB NOT NULL,
            password_version INTEGER NOT NULL,
            recovery_seal BLOB
        ) STRICT;
        CREATE TABLE data_keys (
            id TEXT PRIMARY KEY,
            user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            state TEXT NOT NULL CHECK (state IN ('current', 'pending')),
            seal BLOB NOT NULL,
            created INTEGER NOT NULL,
            UNIQUE (user, state)
        ) STRICT;
        CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            lookup_hash BLOB NOT NULL UNIQUE,
            seal BLOB NOT NULL,
            created INTEGER NOT NULL,
            last_seen INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            idle_timeout INTEGER NOT NULL,
            address TEXT NOT NULL,
            user_agent TEXT NOT NULL
        ) STRICT;
        CREATE INDEX sessions_by_user ON sessions (user);
        """
    ]

    /// Brings the file to the present version in one transaction, or throws ``CatalogError/newerSchema(found:supported:)``.
    static func migrate(_ connection: Connection) throws {
        try connection.transaction {
            guard case .integer(let stored)? = try connection.firstRow("PRAGMA user_version")?.first else {
                throw CatalogError.damagedRecord(table: "sqlite_schema")
            }
            guard stored <= version else { throw CatalogError.newerSchema(found: Int(stored), supported: version) }
            for migration in migrations.dropFirst(Int(max(0, stored))) { try connection.execute(migration) }
            if stored < version { try connection.execute("PRAGMA user_version = \(version)") }
        }
    }
}
