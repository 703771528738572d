import SQLCipher

/// Makes one database of another, statement by statement and row by row, so that only what both understand comes over.
///
/// It is the way between databases of which one is not encrypted, where SQLCipher refuses to copy pages. The target is
/// new and empty, and should have a cache of ``cacheKiB``. Its policy is asked about every statement of the source's
/// schema, as if its user had sent it.
struct LogicalCopy {
    /// What a target's cache should have: the pages of its indexes come in any order.
    static let cacheKiB = 16 * 1024

    let source: Connection
    let target: Connection

    /// Copies everything as it is at one moment, in one transaction of the target.
    ///
    /// - Throws: ``ObjectError``, `SQLiteError`, `CancellationError`; then the target is worth nothing.
    nonisolated(nonsending) func run() async throws {
        try source.execute("BEGIN")
        defer { if source.isInTransaction { try? source.execute("ROLLBACK") } }
        // The rows are there already: what refers to what was looked at when they were written.
        try target.execute("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; BEGIN")
        let schema = try StoredSchema(of: source)
        for table in schema.tables { try create(table.object) }
        // Before the rows: an index that is made of all rows at once is sorted in memory, whatever its size.
        for index in schema.indexes { try create(index) }
        for table in schema.tables { try await copyRows(of: table) }
        try await copyVirtualTables(of: schema)
        if schema.hasSequences, try target.has("sqlite_sequence") {
            try await replaceRows(of: "sqlite_sequence", columns: "name, seq")
        }
        for object in schema.viewsAndTriggers { try create(object) }
        if schema.hasStatistics {
            // It makes the table, and finds nothing in it to look at.
            try target.execute("ANALYZE sqlite_schema")
            try await replaceRows(of: "sqlite_stat1", columns: "tbl, idx, stat")
        }
        try copyNumbers()
        try target.execute("COMMIT")
    }

    /// What a virtual table holds lies in tables of its own, which creating it makes. They are copied as they are, so
    /// that also an index without its texts comes over.
    private nonisolated(nonsending) func copyVirtualTables(of schema: StoredSchema) async throws {
        for table in schema.virtualTables { try create(table) }
        // Another one's table of such a name. For one that is missing, SQLite refuses the name.
        for table in schema.shadowTables where try !target.has(table.name) { try create(table.object) }
        for index in schema.shadowIndexes { try create(index) }
        try target.setShadowTablesWritable(true)
        defer { try? target.setShadowTablesWritable(false) }
        for table in schema.shadowTables {
            try await replaceRows(of: table.name, columns: table.columns.list, table.columns.names.count)
        }
    }

    private func create(_ object: StoredSchema.Object) throws {
        try naming(object.title) {
            guard try !target.has(object.name) else { throw ForeignStatement() }
            try target.withStatement(object.sql) { statement in
                guard statement.facts.contains(.changesSchema), statement.facts.isDisjoint(with: .beyondSchema) else {
                    throw ForeignStatement()
                }
                while try statement.step() {}
            }
            guard try target.has(object.name, object.type) else { throw ForeignStatement() }
        }
    }

    private nonisolated(nonsending) func replaceRows(of table: String, columns: String, _ count: Int? = nil)
        async throws
    {
        try naming("table \(table.quotedIdentifier)") {
            _ = try target.run("DELETE FROM main.\(table.quotedIdentifier)")
        }
        try await copyRows(of: table, columns: columns, count ?? columns.split(separator: ",").count)
    }

    private nonisolated(nonsending) func copyRows(of table: StoredSchema.Table) async throws {
        try await copyRows(of: table.name, columns: table.columns.list, table.columns.names.count)
    }

    private nonisolated(nonsending) func copyRows(of table: String, columns: String, _ count: Int) async throws {
        let name = table.quotedIdentifier
        // By the table itself: it is what counts, should an index say otherwise.
        let select = try naming("table \(name)") {
            try source.statement("SELECT \(columns) FROM main.\(name) NOT INDEXED")
        }
        defer { select.finish() }
        let places = repeatElement("?", count: count).joined(separator: ", ")
        let insert = try naming("table \(name)") {
            try target.statement("INSERT INTO main.\(name) (\(columns)) VALUES (\(places))")
        }
        defer { insert.finish() }
        while try copySomeRows(from: select, to: insert, count, of: name) {
            try Task.checkCancellation()
            await Task.yield()
        }
    }

    /// Copies rows for some milliseconds; false when there are no more.
    private func copySomeRows(
        from select: borrowing Statement, to insert: borrowing Statement, _ count: Int, of name: String
    ) throws -> Bool {
        try naming("table \(name)") {
            for _ in 0..<1000 {
                guard try select.step() else { return false }
                for index in 0..<count { try insert.bind(try select.column(index), at: index + 1) }
                while try insert.step() {}
                insert.reset()
            }
            return true
        }
    }

    /// The numbers in the header that belong to the user: https://www.sqlite.org/fileformat2.html#the_database_header
    private func copyNumbers() throws {
        for name in ["user_version", "application_id"] {
            if case .integer(let number)? = try source.firstRow("PRAGMA \(name)")?.first {
                try target.execute("PRAGMA \(name) = \(number)")
            }
        }
    }
}

/// A text in the schema that does something else than making the object that it stands for.
struct ForeignStatement: Error {}

extension StatementFacts {
    /// What no statement of a schema does.
    fileprivate static let beyondSchema: StatementFacts = [
        .writesTemporary, .changesTemporarySchema, .transactionControl, .savepoint, .pragma, .changesSetting, .attaches,
        .detaches,
    ]
}

extension Connection {
    fileprivate func has(_ object: String, _ type: String? = nil) throws -> Bool {
        guard
            case .text(let found)? = try firstRow("SELECT type FROM sqlite_schema WHERE name = ?", [.text(object)])?
                .first
        else { return false }
        return type == nil || found == type
    }
}
