import CofferTesting
import SQLCipher
import Testing

/// One database file in a directory of its own.
struct TestDatabase {
    static let key = (0..<48).map { UInt8($0 * 5 + 1) }

    let directory: TemporaryDirectory

    var path: String { directory.file("main.db") }

    /// Opens the file, which is created if need be.
    func open(
        key: [UInt8]? = TestDatabase.key, _ adjust: (inout ConnectionConfiguration) -> Void = { _ in }
    ) throws -> Connection {
        var configuration = ConnectionConfiguration(path: path, createIfMissing: true)
        adjust(&configuration)
        guard let key else { return try Connection.open(configuration, key: nil) }
        return try key.withUnsafeBytes { try Connection.open(configuration, key: $0) }
    }

    var openFiles: [String] { OpenFiles.paths(under: directory.path) }
}

/// Runs a test on a database of its own and fails it if it leaves a file open.
func withDatabase(sourceLocation: SourceLocation = #_sourceLocation, _ body: (TestDatabase) throws -> Void) throws {
    try withTemporaryDirectory { directory in
        let database = TestDatabase(directory: directory)
        try body(database)
        #expect(database.openFiles.isEmpty, "files are still open", sourceLocation: sourceLocation)
    }
}

/// Runs a test with one open connection, which is closed after it.
func withConnection(
    sourceLocation: SourceLocation = #_sourceLocation, adjusted adjust: (inout ConnectionConfiguration) -> Void,
    _ body: (Connection) throws -> Void
) throws {
    try withDatabase(sourceLocation: sourceLocation) { database throws in
        let connection = try database.open(adjust)
        do {
            try body(connection)
        } catch {
            try connection.close()
            throw error
        }
        #expect(try connection.close() == [], sourceLocation: sourceLocation)
    }
}

/// Runs a test with one open connection as users' files have it, which is closed after it.
func withConnection(sourceLocation: SourceLocation = #_sourceLocation, _ body: (Connection) throws -> Void) throws {
    try withConnection(sourceLocation: sourceLocation, adjusted: { _ in }, body)
}

extension Connection {
    /// The only value of the only row.
    func value(_ sql: String, _ arguments: Arguments = .none) throws -> Value {
        try #require(try firstRow(sql, arguments)?.first)
    }
}

/// A query that never ends by itself.
let endlessQuery = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
