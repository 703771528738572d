import SQLCipher

/// The catalog's statements. What SQLite reports about them leaves as ``CatalogError/unavailable(_:)``.
extension Catalog {
    /// Runs one statement to its end. Returns the number of rows that it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: Arguments) throws -> Int64 {
        try reporting { try connection.run(sql, arguments) }
    }

    /// All rows of one statement.
    func rows(_ sql: String, _ arguments: Arguments = .none) throws -> [[Value]] {
        try reporting { try connection.rows(sql, arguments) }
    }

    /// The first row of one statement; nil if there is none.
    func firstRow(_ sql: String, _ arguments: Arguments) throws -> [Value]? {
        try reporting { try connection.firstRow(sql, arguments) }
    }
}
