import CofferTesting
import Testing

/// A database with something of everything that a way out or in could lose, and what tells whether it did.
enum Specimen {
    /// Makes it; the same text for a user's database and for the sqlite3 command.
    static let statements = [
        "CREATE TABLE plain(id INTEGER PRIMARY KEY, v, t TEXT DEFAULT 'it''s') ",
        """
        INSERT INTO plain(id, v) VALUES
          (1, 9223372036854775807), (-9223372036854775808, -9223372036854775808), (3, NULL), (4, 9e999), (5, -9e999),
          (6, x''), (7, x'00ff27'), (8, ''), (9, 'it''s "quoted"'), (10, 'a' || char(0) || 'b'),
          (11, CAST(x'ff6100fe' AS TEXT)), (12, 'line' || char(13) || char(10) || 'break' || char(10)),
          (13, 0.1), (14, 5e-324), (15, 1.7976931348623157e308), (16, 3.0), (17, 1e15), (18, zeroblob(100000)),
          (19, replace(hex(zeroblob(50000)), '0', 'é')), (20, ';' || char(10) || '.quit' || char(10) || '/' || char(10)),
          (21, 'héllo €')
        """,
        "CREATE TABLE numbers(real_column REAL)",
        """
        WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c WHERE n < 3000)
        INSERT INTO numbers SELECT 1.0 / n * pow(2.0, n * 7 % 2040 - 1030) FROM c
        """,
        "CREATE TABLE unnumbered(a, b)",
        "INSERT INTO unnumbered(rowid, a, b) VALUES (-5, 'x', 1), (7, 'y', 2), (1000000000000, 'z', 3)",
        "CREATE TABLE \"half hidden\"(RowID TEXT, OID INT, x)",
        "INSERT INTO \"half hidden\"(_rowid_, rowid, oid, x) VALUES (77, 'a', 1, -0.0), (99, 'b', 2, 1e308 * 10 - 1e308 * 10)",
        "CREATE TABLE wide(\((1...2000).map { "c\($0)" }.joined(separator: ", ")))",
        "INSERT INTO wide(c1, c2000) VALUES ('first', 'last')",
        "CREATE TABLE nearly_wide(\((1...1999).map { "c\($0)" }.joined(separator: ", ")))",
        "INSERT INTO nearly_wide(rowid, c1, c1999) VALUES (5, 'first', 'last')",
        "CREATE TABLE hidden(rowid, _rowid_, oid)",
        "INSERT INTO hidden VALUES (1, 2, 3)",
        "CREATE TABLE descending(id INTEGER PRIMARY KEY DESC, x)",
        "INSERT INTO descending(rowid, id, x) VALUES (44, 5, 'a')",
        "CREATE TABLE compact(a TEXT, b INT, c, PRIMARY KEY(b, a)) WITHOUT ROWID",
        "INSERT INTO compact VALUES ('x', 2, 1.5), ('y', 1, x'01')",
        "CREATE TABLE strict_one(a INTEGER, b TEXT, c ANY) STRICT",
        "INSERT INTO strict_one VALUES (1, 'b', 2.5), (2, 'a' || char(0), x'02')",
        "CREATE TABLE made(a, b AS (a * 2), c AS (a || '!') STORED, d)",
        "INSERT INTO made(a, d) VALUES (1, 'd'), (21, NULL)",
        "CREATE TABLE counted(id INTEGER PRIMARY KEY AUTOINCREMENT, x CHECK (x <> 'no'))",
        "INSERT INTO counted(x) VALUES ('a'), ('b'), ('c')",
        "DELETE FROM counted WHERE id = 3",
        "CREATE TABLE \"odd \"\" name;\"(\"a \"\" b\" INT, 'select', [group] TEXT UNIQUE)",
        "INSERT INTO \"odd \"\" name;\" VALUES (1, 2, 'three')",
        // Characters that a quote is only a part of, and two names that only some tell apart.
        "CREATE TABLE \"marked\"\"\u{301}\"(\"a\"\"\u{301}\")",
        "INSERT INTO \"marked\"\"\u{301}\" VALUES ('it''\u{301}s')",
        "CREATE TABLE \"\u{E9}\"(x)",
        "CREATE TABLE \"e\u{301}\"(x PRIMARY KEY) WITHOUT ROWID",
        "INSERT INTO \"\u{E9}\"(rowid, x) VALUES (5, 'one')",
        "INSERT INTO \"e\u{301}\" VALUES ('other')",
        "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
        "CREATE TABLE child(p REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO child VALUES (1), (1)",
        "CREATE INDEX plain_v ON plain(v) WHERE v IS NOT NULL",
        "CREATE UNIQUE INDEX made_sum ON made(a + 1, d DESC)",
        "CREATE VIEW seen AS SELECT p.id, u.a FROM plain p LEFT JOIN unnumbered u ON u.b = p.id",
        "CREATE VIEW failing AS SELECT lost FROM nowhere",
        "CREATE TABLE log(x)",
        "CREATE TRIGGER remembered AFTER INSERT ON parent BEGIN INSERT INTO log VALUES (new.id || '; end'); END",
        "INSERT INTO parent VALUES (2)",
        "CREATE VIRTUAL TABLE texts USING fts5(title, body)",
        "INSERT INTO texts(rowid, title, body) VALUES (10, 'first', 'the quick fox'), (20, 'second', 'a lazy dog')",
        "DELETE FROM texts WHERE rowid = 20",
        "INSERT INTO texts(title, body) VALUES ('third', 'quick quick dog')",
        "CREATE INDEX texts_content_c0 ON texts_content(c0)",
        "CREATE TABLE texts_node(x PRIMARY KEY)",
        "CREATE INDEX texts_node_x ON texts_node(x)",
        "INSERT INTO texts_node(rowid, x) VALUES (5, 'of nobody')",
        "CREATE VIRTUAL TABLE bare USING fts5(x, content='')",
        "INSERT INTO bare(rowid, x) VALUES (3, 'only the index remains')",
        "CREATE VIRTUAL TABLE outside USING fts5(a, content='unnumbered', content_rowid='rowid')",
        "INSERT INTO outside(outside) VALUES ('rebuild')",
        "CREATE VIRTUAL TABLE old USING fts4(words)",
        "INSERT INTO old VALUES ('four score'), ('seven years')",
        "CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)",
        "INSERT INTO boxes VALUES (1, 0, 10), (2, 20, 30)",
        "ANALYZE",
        "PRAGMA user_version = -7",
        "PRAGMA application_id = 1131373157",
    ]

    /// What is to be the same, for the sqlite3 command.
    static let questions = [
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat4%' ORDER BY type, name",
        "SELECT id, typeof(v), hex(v), printf('%!.26g', v), t FROM plain ORDER BY id",
        "SELECT rowid, typeof(real_column), printf('%!.26g', real_column) FROM numbers ORDER BY rowid",
        "SELECT rowid, * FROM unnumbered ORDER BY rowid",
        "SELECT _rowid_, *, atan2(x, -1) FROM \"half hidden\"",
        "SELECT c1, c2, c2000 FROM wide",
        "SELECT rowid, c1, c1999 FROM nearly_wide",
        "SELECT rowid, x FROM texts_node",
        "SELECT * FROM hidden",
        "SELECT rowid, id, x FROM descending",
        "SELECT a, b, quote(c) FROM compact",
        "SELECT typeof(a), hex(b), quote(c) FROM strict_one ORDER BY a",
        "SELECT a, b, c, quote(d) FROM made ORDER BY a",
        "SELECT * FROM counted ORDER BY id",
        "SELECT * FROM sqlite_sequence ORDER BY name",
        "SELECT * FROM \"odd \"\" name;\"",
        "SELECT * FROM \"marked\"\"\u{301}\"",
        "SELECT rowid, x FROM \"\u{E9}\"",
        "SELECT x FROM \"e\u{301}\"",
        "SELECT count(*) FROM child",
        "SELECT count(*), max(a) FROM seen",
        "SELECT * FROM log",
        "SELECT rowid, * FROM texts ORDER BY rowid",
        "SELECT rowid, highlight(texts, 1, '[', ']') FROM texts('quick') ORDER BY rowid",
        "SELECT rowid FROM bare('remains')",
        "SELECT rowid, a FROM outside('y')",
        "SELECT rowid, words FROM old WHERE old MATCH 'seven'",
        "SELECT * FROM boxes WHERE x0 > 15",
        "SELECT tbl, idx, stat FROM sqlite_stat1 ORDER BY tbl, idx, stat",
        "PRAGMA user_version",
        "PRAGMA application_id",
        "PRAGMA integrity_check",
        "PRAGMA foreign_key_check",
        "INSERT INTO texts(texts) VALUES ('integrity-check')",
    ]

    /// The lines in which what the sqlite3 command, which links no SQLCipher, answers for a database differs from what it
    /// answers for one that nobody has moved.
    static func differences(of path: String, in directory: String) async throws -> [String] {
        let reference = directory + "/reference.sqlite3"
        _ = try await PlainSQLite.run(reference, statements.joined(separator: ";\n") + ";\n", in: directory)
        let expected = try await answers(of: reference, in: directory)
        try #require(expected.contains("ok"))
        return try await answers(of: path, in: directory).difference(from: expected).map { change in
            switch change {
            case .insert(let line, let text, _): "+\(line) \(text.prefix(200))"
            case .remove(let line, let text, _): "-\(line) \(text.prefix(200))"
            }
        }
    }

    private static func answers(of path: String, in directory: String) async throws -> [Substring] {
        let answers = try await PlainSQLite.run(path, questions.joined(separator: ";\n") + ";\n", in: directory)
        return answers.split(separator: "\n", omittingEmptySubsequences: false)
            + (try await dump(of: path, in: directory)).sorted()
    }

    /// What the command's own way out says, whatever the order of objects; without what ANALYZE sampled, and without the
    /// nodes of an R-tree, whose size is that of a page.
    private static func dump(of path: String, in directory: String) async throws -> [Substring] {
        try await PlainSQLite.run(path, ".dump\n", in: directory)
            .split(separator: "\n", omittingEmptySubsequences: false)
            .filter {
                !$0.contains("sqlite_stat4") && !$0.contains("boxes_node VALUES") && $0 != "ANALYZE sqlite_schema;"
            }
    }
}

/// The sqlite3 command in a process of its own.
enum PlainSQLite {
    static func run(
        _ path: String, _ input: String, in directory: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await run(path, Array(input.utf8), in: directory, sourceLocation: sourceLocation)
    }

    /// The rows that a script gives; the test fails if the command complains.
    static func run(
        _ path: String, _ input: [UInt8], in directory: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let outcome = try await ChildProcess.run(
            "/usr/bin/sqlite3", ["-batch", "-bail", "-init", "/dev/null", path], in: directory, input: input)
        #expect(outcome.ending == .exit(0), "\(outcome.errors)", sourceLocation: sourceLocation)
        #expect(outcome.errors.isEmpty, "\(outcome.errors)", sourceLocation: sourceLocation)
        return outcome.output
    }
}
