import CofferTesting
import SQLCipher

/// An encrypted database with known rows, whose content can be checked to the last byte.
struct SampleDatabase: Sendable {
    /// The rows that every sample begins with.
    static let initialRows = Set<Int64>(1...24)

    static let schema = "CREATE TABLE sample (id INTEGER PRIMARY KEY, value TEXT NOT NULL, bytes BLOB NOT NULL)"

    static let key = [UInt8](1...48)

    let path: String
    /// What encrypts it.
    var key: [UInt8]? = SampleDatabase.key

    /// Makes the file, with the initial rows and no log.
    func create() {
        FileContent.write(Self.content, to: path)
    }

    /// Made once: a copy is quicker.
    private static let content = withTemporaryDirectory { directory in
        let sample = SampleDatabase(path: directory.file("main.db"))
        do {
            let connection = try sample.open(createIfMissing: true)
            try connection.execute(schema)
            try connection.transaction { try insert(initialRows.sorted(), on: connection) }
            try connection.close()
        } catch {
            preconditionFailure("the sample could not be made: \(error)")
        }
        return FileContent.bytes(of: sample.path)
    }

    func open(createIfMissing: Bool = false) throws -> Connection {
        let configuration = ConnectionConfiguration(
            path: path, createIfMissing: createIfMissing, logger: .silent)
        guard let key else { return try Connection.open(configuration, key: nil) }
        return try key.withUnsafeBytes { try Connection.open(configuration, key: $0) }
    }

    static func insert(_ ids: [Int64], on connection: Connection) throws {
        for id in ids { try connection.run(insertion, arguments(id)) }
    }

    static let insertion = "INSERT INTO sample VALUES (?, ?, ?)"

    static func arguments(_ id: Int64) -> Arguments { .positional(ValueList(row(id))) }

    /// Every third row takes pages of its own.
    static func row(_ id: Int64) -> [Value] {
        let length = id % 3 == 0 ? 6_000 : 20 + Int(id * 37 % 300)
        return [
            .integer(id), .text(String(repeating: "v\(id) ", count: length / 4)),
            .blob([UInt8](repeating: UInt8(truncatingIfNeeded: id), count: 40)),
        ]
    }

    /// Checks the whole file, and that each row is as it was written. Returns the rows' ids.
    func checkedRows() throws -> Set<Int64> {
        let connection = try open()
        do {
            let rows = try Self.checkedRows(on: connection)
            try connection.close()
            return rows
        } catch {
            try connection.close()
            throw error
        }
    }

    static func checkedRows(on connection: Connection) throws -> Set<Int64> {
        try IntegrityCheck.check(connection)
        let rows = try connection.rows("SELECT id, value, bytes FROM sample")
        var ids: Set<Int64> = []
        for row in rows {
            guard case .integer(let id)? = row.first else { throw Broken("a row without an id") }
            try require(row == Self.row(id), "row \(id) has changed")
            ids.insert(id)
        }
        return ids
    }
}

/// SQLite's and SQLCipher's own checks of a file.
enum IntegrityCheck {
    static func check(_ connection: Connection) throws {
        let structure = try connection.rows("PRAGMA integrity_check")
        try require(structure == [[.text("ok")]], "integrity_check: \(structure)")
        // SQLCipher looks at the file alone, where a checkpoint that failed has left a page half written; the log has it.
        _ = try connection.checkpoint(.truncate)
        let pages = try connection.rows("PRAGMA cipher_integrity_check")
        try require(pages.isEmpty, "cipher_integrity_check: \(pages)")
    }
}
