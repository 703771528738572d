extension Connection {
    /// Runs one statement to its end and drops its rows. Returns the number of rows that it changed.
    @discardableResult
    public func run(_ sql: String, _ arguments: Arguments = .none) throws -> Int64 {
        try withStatement(sql) { statement in
            try statement.bind(arguments)
            let before = totalChanges
            while try statement.step() {}
            return totalChanges == before ? 0 : changes
        }
    }

    /// All rows of one statement, copied.
    public func rows(_ sql: String, _ arguments: Arguments = .none) throws -> [[Value]] {
        try withStatement(sql) { statement in
            try statement.bind(arguments)
            var rows: [[Value]] = []
            while try statement.step() { rows.append(try statement.row()) }
            return rows
        }
    }

    /// The first row of one statement, copied; nil if there is none.
    public func firstRow(_ sql: String, _ arguments: Arguments = .none) throws -> [Value]? {
        try withStatement(sql) { statement in
            try statement.bind(arguments)
            return try statement.step() ? try statement.row() : nil
        }
    }
}
