import SQLCipher

/// The tables of a user's service database, by the versions that they have had. The file belongs to several modules
/// above and has one version, so its tables are all here.
enum ServiceSchema {
    static let migrations = SchemaMigrations([
        """
        CREATE TABLE researches (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            query TEXT,
            state TEXT NOT NULL CHECK (state IN ('running', 'completed', 'failed', 'cancelled', 'expired')),
            progress INTEGER NOT NULL DEFAULT 0 CHECK (progress BETWEEN 0 AND 100),
            message TEXT,
            error TEXT,
            result TEXT,
            created INTEGER NOT NULL,
            updated INTEGER NOT NULL,
            lease_expires INTEGER NOT NULL,
            ended INTEGER
        ) STRICT;
        CREATE INDEX researches_by_state ON researches (state, number);
        CREATE TABLE findings (
            number INTEGER PRIMARY KEY,
            research INTEGER NOT NULL REFERENCES researches (number) ON DELETE CASCADE,
            client_key TEXT,
            kind TEXT NOT NULL,
            title TEXT NOT NULL,
            url TEXT,
            content TEXT NOT NULL,
            data TEXT,
            created INTEGER NOT NULL,
            UNIQUE (research, client_key)
        ) STRICT;
        CREATE INDEX findings_by_research ON findings (research, number);
        CREATE VIRTUAL TABLE findings_text USING fts5 (title, content, content = 'findings', content_rowid = 'number');
        """
    ])
}
