import SQLCipher

/// Writes a database as SQL text from which the sqlite3 command makes an equal one, in the form of its own `.dump`:
/// https://www.sqlite.org/cli.html#converting_an_entire_database_to_a_text_file
///
/// Rows keep their numbers. What virtual tables hold is written as it is stored, and they themselves as entries of the
/// schema: that takes a connection without `SQLITE_DBCONFIG_DEFENSIVE`, and they are there when the database is opened
/// the next time.
struct SQLDump {
    private static let valuePiece = 16 * 1024

    private let source: Connection
    private let output: ([UInt8]) async throws -> Void
    private var text = SQLText()

    /// Writes the text of one moment, in pieces. Waiting in `output` holds the database's log, and no thread.
    ///
    /// - Throws: ``ObjectError``, `SQLiteError`, what `output` throws.
    static nonisolated(nonsending) func write(
        _ source: Connection, to output: @escaping ([UInt8]) async throws -> Void
    ) async throws {
        var dump = SQLDump(source: source, output: output)
        try source.execute("BEGIN")
        defer { if source.isInTransaction { try? source.execute("ROLLBACK") } }
        try await dump.write(try StoredSchema(of: source))
    }

    private init(source: Connection, output: @escaping ([UInt8]) async throws -> Void) {
        self.source = source
        self.output = output
    }

    private nonisolated(nonsending) mutating func write(_ schema: StoredSchema) async throws {
        if !schema.virtualTables.isEmpty {
            text.write("/* SQLITE_DBCONFIG_DEFENSIVE must be off to read this. */\n")
        }
        text.write("PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n")
        for table in schema.tables { try await write(table) }
        if schema.hasSequences, schema.tables.contains(where: \.isCounted) {
            // The table stays when the last one that needs it goes, and only such a one makes it anew.
            text.write("DELETE FROM sqlite_sequence;\n")
            try await writeRows(of: "sqlite_sequence", columns: "name, seq", listed: true)
        }
        if !schema.virtualTables.isEmpty { try await writeVirtualTables(of: schema) }
        for object in schema.indexes + schema.shadowIndexes + schema.viewsAndTriggers {
            try await write(statement: object.sql)
        }
        if schema.hasStatistics {
            text.write("ANALYZE sqlite_schema;\nDELETE FROM sqlite_stat1;\n")
            try await writeRows(of: "sqlite_stat1", columns: "tbl, idx, stat", listed: true)
        }
        for name in ["user_version", "application_id"] {
            if case .integer(let number)? = try source.firstRow("PRAGMA \(name)")?.first, number != 0 {
                text.write("PRAGMA \(name)=\(number);\n")
            }
        }
        text.write("COMMIT;\n")
        try await flush()
    }

    /// The text of an index or a view may end within a comment, which would take the semicolon in.
    private nonisolated(nonsending) mutating func write(statement sql: String) async throws {
        let end = ["", "\n", "*/"].first { SQLCipherLibrary.isComplete(sql + $0 + ";") } ?? ""
        try await write(sql + end + ";\n")
    }

    private nonisolated(nonsending) mutating func write(_ table: StoredSchema.Table) async throws {
        try await write(statement: table.object.sql)
        try await writeRows(of: table.name, columns: table.columns.list, listed: !table.columns.isEveryColumn)
    }

    /// Creating a virtual table would make its own tables, and then keep in mind what they held before.
    private nonisolated(nonsending) mutating func writeVirtualTables(of schema: StoredSchema) async throws {
        text.write("PRAGMA writable_schema=ON;\n")
        for table in schema.virtualTables {
            let name = table.name.quotedText
            try await write(
                "INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) "
                    + "VALUES('table',\(name),\(name),0,\(table.sql.quotedText));\n")
        }
        for table in schema.shadowTables { try await write(table) }
        text.write("PRAGMA writable_schema=OFF;\n")
    }

    private nonisolated(nonsending) mutating func writeRows(
        of table: String, columns: String, listed: Bool
    ) async throws {
        let name = table.quotedIdentifier
        let beginning = "INSERT INTO \(name)\(listed ? "(\(columns))" : "") VALUES("
        let select = try naming("table \(name)") {
            try source.statement("SELECT \(columns) FROM main.\(name) NOT INDEXED")
        }
        defer { select.finish() }
        while try naming("table \(name)", { try select.step() }) {
            text.write(beginning)
            for index in 0..<select.columnCount {
                if index > 0 { text.write(",") }
                try await write(try select.column(index))
            }
            try await write(");\n")
        }
    }

    private nonisolated(nonsending) mutating func write(_ value: ColumnValue) async throws {
        switch value {
        case .null: text.write("NULL")
        case .integer(let integer): text.write(String(integer))
        case .real(let real): text.write(real)
        case .text(let bytes) where SQLText.canBeQuoted(bytes):
            text.write("'")
            try await write(bytes) { $0.write(doublingQuotes: $1) }
            text.write("'")
        case .text(let bytes):
            text.write("CAST(")
            try await write(literalOf: bytes)
            text.write(" AS TEXT)")
        case .blob(let bytes): try await write(literalOf: bytes)
        }
    }

    private nonisolated(nonsending) mutating func write(literalOf bytes: UnsafeRawBufferPointer) async throws {
        text.write("X'")
        try await write(bytes) { $0.write(hexadecimal: $1) }
        text.write("'")
    }

    /// Writes a long value part by part, so that no piece of the text becomes long.
    private nonisolated(nonsending) mutating func write(
        _ bytes: UnsafeRawBufferPointer, as form: (inout SQLText, UnsafeRawBufferPointer) -> Void
    ) async throws {
        var start = 0
        while start < bytes.count {
            let end = min(start + Self.valuePiece, bytes.count)
            form(&text, UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
            if text.isFull { try await flush() }
            start = end
        }
    }

    private nonisolated(nonsending) mutating func write(_ sql: String) async throws {
        text.write(sql)
        if text.isFull { try await flush() }
    }

    private nonisolated(nonsending) mutating func flush() async throws {
        try await output(text.take())
    }
}
