import SQLCipher

/// What a database has beside the sample's rows, so that a copy of it statement by statement meets an object of each sort.
enum SampleObjects {
    static let statements = [
        "CREATE INDEX sample_by_bytes ON sample (bytes)",
        "CREATE VIEW seen AS SELECT id FROM sample",
        "CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT)",
        "INSERT INTO counted (word) VALUES ('one'), ('two')",
        "CREATE TABLE numbered (word TEXT)",
        "INSERT INTO numbered (rowid, word) VALUES (40, 'forty')",
        "CREATE TRIGGER kept BEFORE DELETE ON counted BEGIN SELECT raise(ABORT, 'kept'); END",
        "CREATE VIRTUAL TABLE words USING fts5 (word)",
        "INSERT INTO words VALUES ('first'), ('second')",
        "ANALYZE",
        "PRAGMA user_version = 7",
    ]

    private static let answers: [(question: String, row: [Value])] = [
        ("SELECT count(*) = (SELECT count(*) FROM sample) FROM seen", [.integer(1)]),
        ("SELECT group_concat(word) FROM counted", [.text("one,two")]),
        ("SELECT rowid FROM numbered", [.integer(40)]),
        ("SELECT seq FROM sqlite_sequence", [.integer(2)]),
        ("SELECT rowid FROM words('second')", [.integer(2)]),
        ("SELECT count(*) FROM sqlite_schema WHERE name IN ('sample_by_bytes', 'kept')", [.integer(2)]),
        ("SELECT count(*) > 0 FROM sqlite_stat1", [.integer(1)]),
        ("PRAGMA user_version", [.integer(7)]),
    ]

    static func check(_ connection: Connection) throws {
        for (question, row) in answers {
            let answer = try connection.rows(question)
            try require(answer == [row], "\(question): \(answer) instead of \(row)")
        }
    }
}

extension SampleDatabase {
    /// Checks the whole file, with its objects. Returns the rows' ids.
    func checkedContent() throws -> Set<Int64> {
        let connection = try open()
        do {
            let rows = try Self.checkedContent(on: connection)
            try connection.close()
            return rows
        } catch {
            try connection.close()
            throw error
        }
    }

    static func checkedContent(on connection: Connection) throws -> Set<Int64> {
        try SampleObjects.check(connection)
        return try checkedRows(on: connection)
    }
}
