import SQLCipher

/// The catalog's tables, by the versions that they have had.
enum CatalogSchema {
    static let migrations = SchemaMigrations([
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
        """,
        """
        CREATE TABLE research_leases (
            id TEXT PRIMARY KEY,
            user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            lookup_hash BLOB NOT NULL UNIQUE,
            seal BLOB NOT NULL,
            created INTEGER NOT NULL,
            expires INTEGER NOT NULL,
            duration INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX research_leases_by_user ON research_leases (user);
        """,
        """
        CREATE TABLE backups (
            id TEXT PRIMARY KEY,
            user TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            kind TEXT NOT NULL CHECK (kind IN ('manual', 'scheduled', 'safety')),
            label TEXT,
            created INTEGER NOT NULL,
            bytes INTEGER NOT NULL,
            data_key TEXT NOT NULL,
            seal BLOB NOT NULL
        ) STRICT;
        CREATE INDEX backups_by_user ON backups (user, created);
        """,
    ])

    /// Brings the file to the present version in one transaction, or throws
    /// ``CatalogError/newerSchema(found:supported:)``.
    static func migrate(_ connection: Connection) throws {
        do {
            try migrations.apply(to: connection)
        } catch SchemaError.newer(let found, let supported) {
            throw CatalogError.newerSchema(found: found, supported: supported)
        }
    }
}
