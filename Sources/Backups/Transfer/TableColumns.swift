import SQLCipher

/// The columns of a table whose values have to be copied for its rows to be the same.
struct TableColumns {
    /// By what names the values are read and written: the columns that are not computed from others and, where it is no
    /// column, the row's number.
    let names: [String]
    /// Whether ``names`` are all columns of the table in their order, so that they need not be listed.
    let isEveryColumn: Bool

    /// The names for a list in SQL.
    var list: String { names.joined(separator: ", ") }

    init(of table: String, on connection: Connection) throws {
        var columns: [String] = []
        var stored: [String] = []
        var keys = 0
        var isInteger = false
        for row in try connection.rows("PRAGMA main.table_xinfo(\(table.quotedIdentifier))") {
            guard case .text(let name) = row[1] else { throw UnreadableText() }
            columns.append(name)
            // 2 and 3 are generated columns: https://www.sqlite.org/pragma.html#pragma_table_xinfo
            if row[6] == .integer(0) { stored.append(name) }
            guard row[5] != .integer(0) else { continue }
            keys += 1
            if case .text(let type) = row[2] { isInteger = type.uppercased() == "INTEGER" }
        }
        var names = stored.map(\.quotedIdentifier)
        var hasNumber = false
        // SQLite has no statement with more columns, so the rows of such a table are numbered anew.
        if stored.count < connection.configuration.limits.columns,
            try !(keys == 1 && isInteger && !connection.hasKeyIndex(of: table)),
            let number = Self.rowIDName(beside: columns), try connection.hasRowID(table, named: number)
        {
            names.insert(number, at: 0)
            hasNumber = true
        }
        self.names = names
        isEveryColumn = !hasNumber && stored.count == columns.count
    }

    /// The name of the row's number that no column has taken; `nil` if there is none, and then nobody can ask for it.
    /// See https://www.sqlite.org/lang_createtable.html#rowid.
    private static func rowIDName(beside columns: [String]) -> String? {
        let taken = Set(columns.map { $0.lowercased() })
        return ["rowid", "_rowid_", "oid"].first { !taken.contains($0) }
    }
}

extension Connection {
    /// Whether rows have numbers: https://www.sqlite.org/withoutrowid.html. No column has that name.
    ///
    /// Whatever fails otherwise is thrown: taken for an answer, it would have the rows numbered anew.
    fileprivate func hasRowID(_ table: String, named name: String) throws -> Bool {
        do {
            try withStatement("SELECT \(name) FROM main.\(table.quotedIdentifier)") { _ in }
            return true
        } catch let error as SQLiteError where error.code == .error && !error.isConnectionBroken {
            return false
        }
    }

    /// Whether the primary key has an index of its own: then it is not the row's number.
    fileprivate func hasKeyIndex(of table: String) throws -> Bool {
        try rows("PRAGMA main.index_list(\(table.quotedIdentifier))").contains { $0[3] == .text("pk") }
    }
}
