import SQLCipher

/// What a database consists of, in the parts of which another one is made.
struct StoredSchema {
    /// One entry of the schema.
    struct Object {
        /// `table`, `index`, `view` or `trigger`
        let type: String
        let name: String
        let sql: String

        /// What it is called in a message.
        var title: String { "\(type) \(name.quotedIdentifier)" }
    }

    /// A table that SQLite itself keeps rows of.
    struct Table {
        let object: Object
        let columns: TableColumns

        var name: String { object.name }

        /// Whether its numbers may be counted in `sqlite_sequence`: https://www.sqlite.org/autoinc.html
        var isCounted: Bool { object.sql.uppercased().contains("AUTOINCREMENT") }
    }

    private(set) var tables: [Table] = []
    private(set) var virtualTables: [Object] = []
    /// Where virtual tables keep what they hold.
    private(set) var shadowTables: [Table] = []
    private(set) var indexes: [Object] = []
    private(set) var viewsAndTriggers: [Object] = []
    /// Whether there are numbers given by AUTOINCREMENT (https://www.sqlite.org/fileformat2.html#seqtab).
    private(set) var hasSequences = false
    /// Whether there is what ANALYZE found out (https://www.sqlite.org/fileformat2.html#stat1tab).
    private(set) var hasStatistics = false

    /// Reads the schema of a connection's database.
    ///
    /// - Throws: ``ObjectError`` for what cannot be read, with `SQLiteError` or ``UnreadableText``.
    init(of connection: Connection) throws {
        let kinds = try connection.tableKinds()
        let entries = try connection.rows(
            "SELECT type, name, sql FROM sqlite_schema ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END, rowid")
        for entry in entries {
            guard case .text(let type) = entry[0], case .text(let name) = entry[1] else {
                throw ObjectError("an entry of the schema", UnreadableText())
            }
            switch name {
            case "sqlite_sequence": hasSequences = true
            case "sqlite_stat1": hasStatistics = true
            default: break
            }
            // SQLite makes these by itself. Names compare without regard to case, but it alone has given these.
            if name.hasPrefix("sqlite_") { continue }
            guard case .text(let sql) = entry[2] else {
                throw ObjectError("\(type) \(name.quotedIdentifier)", UnreadableText())
            }
            try add(Object(type: type, name: name, sql: sql), kinds, connection)
        }
    }

    private mutating func add(_ object: Object, _ kinds: [[UInt8]: TableKind], _ connection: Connection) throws {
        switch object.type {
        case "table": break
        case "index": return indexes.append(object)
        default: return viewsAndTriggers.append(object)
        }
        guard let kind = kinds[Array(object.name.utf8)] else { throw ObjectError(object.title, UnreadableText()) }
        guard kind.name != "virtual" else { return virtualTables.append(object) }
        let columns = try naming(object.title) {
            try TableColumns(of: object.name, hasRowID: !kind.isWithoutRowID, on: connection)
        }
        if kind.name == "shadow" {
            shadowTables.append(Table(object: object, columns: columns))
        } else {
            tables.append(Table(object: object, columns: columns))
        }
    }
}

/// What SQLite says a table is.
private struct TableKind {
    /// `table`, `virtual` or `shadow`
    let name: String
    let isWithoutRowID: Bool
}

/// Text in the schema that is no text.
struct UnreadableText: Error {}

/// What failed, with the object of the database that it failed at.
struct ObjectError: Error {
    let object: String
    let cause: any Error

    init(_ object: String, _ cause: any Error) {
        self.object = object
        self.cause = cause
    }
}

/// Names the object in whatever `body` throws.
func naming<Result>(_ object: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as ObjectError {
        throw error
    } catch {
        throw ObjectError(object, error)
    }
}

extension Connection {
    /// By the bytes of their names: Swift takes some texts for equal that SQLite tells apart.
    /// See https://www.sqlite.org/pragma.html#pragma_table_list.
    fileprivate func tableKinds() throws -> [[UInt8]: TableKind] {
        var kinds: [[UInt8]: TableKind] = [:]
        for row in try rows("PRAGMA main.table_list") {
            guard case .text(let name) = row[1], case .text(let kind) = row[2] else { continue }
            kinds[Array(name.utf8)] = TableKind(name: kind, isWithoutRowID: row[4] == .integer(1))
        }
        return kinds
    }
}

extension String {
    /// As a name in SQL.
    var quotedIdentifier: String { quoted(by: "\"") }

    /// As a text in SQL; without U+0000.
    var quotedText: String { quoted(by: "'") }

    /// By scalars, as SQLite reads it: a mark that follows a quote and joins it makes another `Character` of it.
    private func quoted(by quote: Unicode.Scalar) -> String {
        var quoted = UnicodeScalarView([quote])
        for scalar in unicodeScalars {
            quoted.append(scalar)
            if scalar == quote { quoted.append(scalar) }
        }
        quoted.append(quote)
        return String(quoted)
    }
}
