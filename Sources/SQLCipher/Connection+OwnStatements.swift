import CSQLCipher

/// Statements of our own that are run so often that each is compiled once for a connection and kept until it closes.
struct OwnStatements {
    private var compiled: [(sql: StaticString, handle: OpaquePointer)] = []

    /// The statement of a literal, which is told from others by its address.
    subscript(sql: StaticString) -> OpaquePointer? {
        compiled.first { $0.sql.utf8Start == sql.utf8Start }?.handle
    }

    mutating func keep(_ handle: OpaquePointer, of sql: StaticString) {
        compiled.append((sql, handle))
    }

    /// Takes all out, for their finalization.
    mutating func removeAll() -> [OpaquePointer] {
        defer { compiled = [] }
        return compiled.map(\.handle)
    }
}

extension Connection {
    /// Runs one statement of our own without rows, like ``execute(_:)``, and keeps it compiled.
    public func executeKept(_ sql: StaticString) throws(SQLiteError) {
        let handle = try openHandle()
        finalizeDeferred()
        authorization.isTrusted = true
        defer { authorization.isTrusted = false }
        let statement = if let kept = ownStatements[sql] { kept } else { try compile(sql, on: handle) }
        let result = sqlite3_step(statement)
        guard result == SQLITE_DONE else {
            let error = self.error(result)
            sqlite3_reset(statement)
            throw error
        }
        sqlite3_reset(statement)
    }

    private func compile(_ sql: StaticString, on handle: OpaquePointer) throws(SQLiteError) -> OpaquePointer {
        var statement: OpaquePointer?
        let result = sql.withUTF8Buffer { text in
            text.withMemoryRebound(to: CChar.self) {
                sqlite3_prepare_v3(
                    handle, $0.baseAddress, Int32($0.count), UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
            }
        }
        guard result == SQLITE_OK, let statement else { throw error(result) }
        ownStatements.keep(statement, of: sql)
        return statement
    }
}
