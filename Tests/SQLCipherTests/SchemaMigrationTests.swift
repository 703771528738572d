import SQLCipher
import Testing

@Suite("The versions of a database's tables")
struct SchemaMigrationTests {
    private let first = "CREATE TABLE a (v); INSERT INTO a VALUES (1)"
    private let second = "ALTER TABLE a ADD COLUMN w; CREATE TABLE b (v)"

    @Test("an empty file gets all versions, one from before what it lacks, a present one nothing")
    func apply() throws {
        try withConnection(adjusted: { _ in }) { connection in
            try SchemaMigrations([first]).apply(to: connection)
            #expect(try version(connection) == 1)
            let migrations = SchemaMigrations([first, second])
            try migrations.apply(to: connection)
            try migrations.apply(to: connection)
            #expect(try version(connection) == 2)
            #expect(try connection.rows("SELECT v, w FROM a") == [[.integer(1), .null]])
            #expect(migrations.prefix(1).version == 1)
        }
    }

    @Test("a version that fails leaves the file as it was, and the next program brings it further")
    func failure() throws {
        try withConnection(adjusted: { _ in }) { connection in
            try SchemaMigrations([first]).apply(to: connection)
            #expect(throws: SQLiteError.self) {
                try SchemaMigrations([first, second, "CREATE TABLE c (v); INSERT INTO missing VALUES (1)"])
                    .apply(to: connection)
            }
            #expect(try version(connection) == 1)
            #expect(!connection.isInTransaction)
            #expect(try connection.rows("SELECT name FROM sqlite_schema") == [[.text("a")]])
            try SchemaMigrations([first, second]).apply(to: connection)
            #expect(try version(connection) == 2)
        }
    }

    @Test("a file from a newer program is refused and left alone")
    func newer() throws {
        try withConnection(adjusted: { _ in }) { connection in
            try SchemaMigrations([first, second]).apply(to: connection)
            #expect(throws: SchemaError.newer(found: 2, supported: 1)) {
                try SchemaMigrations([first]).apply(to: connection)
            }
            #expect(try version(connection) == 2)
            #expect(!connection.isInTransaction)
        }
    }

    private func version(_ connection: Connection) throws -> Int64? {
        guard case .integer(let version)? = try connection.firstRow("PRAGMA user_version")?.first else { return nil }
        return version
    }
}
