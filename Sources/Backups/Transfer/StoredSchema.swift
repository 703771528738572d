import SQLCipher

/// What a database consists of, in the parts of which another one is made.
struct StoredSchema {
    /// One entry of the schema.
    struct Object {
        /// `table`, `index`, `view` or `trigger`
        let type: String
        let name: String
        /// The table that an index is on.
        let table: String
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
    /// What has the name of a table where a virtual table keeps what it holds.
    private(set) var shadowTables: [Table] = []
    private(set) var indexes: [Object] = []
    /// Those of ``shadowTables``, beside the ones that virtual tables make.
    private(set) var shadowIndexes: [Object] = []
    private(set) var viewsAndTriggers: [Object] = []
    /// Whether there are numbers given by AUTOINCREMENT (https://www.sqlite.org/fileformat2.html#seqtab).
    private(set) var hasSequences = false
    /// Whether there is what ANALYZE found out (https://www.sqlite.org/fileformat2.html#stat1tab).
    private(set) var hasStatistics = false

    /// Reads the schema of a connection's database.
    ///
    /// - Throws: ``ObjectError`` for what cannot be read, with `SQLiteError` or ``UnreadableText``.
    init(of connection: Connection) throws {
        let entries = try connection.rows(
            "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY CASE type WHEN 'table' THEN 0 ELSE 1 END, rowid"
        )
        var stored: [Object] = []
        for entry in entries {
            guard let object = try object(of: entry) else { continue }
            switch object.type {
            case "table" where object.isVirtualTable: virtualTables.append(object)
            case "table": stored.append(object)
            case "index": indexes.append(object)
            default: viewsAndTriggers.append(object)
            }
        }
        let owners = Set(virtualTables.map { ShadowTables.key(of: $0.name) })
        for object in stored {
            let columns = try naming(object.title) { try TableColumns(of: object.name, on: connection) }
            let table = Table(object: object, columns: columns)
            if ShadowTables.canBeOne(object.name, ofOneOf: owners) {
                shadowTables.append(table)
            } else {
                tables.append(table)
            }
        }
        let shadows = Set(shadowTables.map { ShadowTables.key(of: $0.name) })
        shadowIndexes = indexes.filter { shadows.contains(ShadowTables.key(of: $0.table)) }
        indexes.removeAll { shadows.contains(ShadowTables.key(of: $0.table)) }
    }

    /// One entry; `nil` for what SQLite makes by itself.
    private mutating func object(of entry: [Value]) throws -> Object? {
        guard case .text(let type) = entry[0], case .text(let name) = entry[1], case .text(let table) = entry[2] else {
            throw ObjectError("an entry of the schema", UnreadableText())
        }
        switch name {
        case "sqlite_sequence": hasSequences = true
        case "sqlite_stat1": hasStatistics = true
        default: break
        }
        // Names compare without regard to case, but SQLite alone has given these.
        if name.hasPrefix("sqlite_") { return nil }
        guard case .text(let sql) = entry[3] else {
            throw ObjectError("\(type) \(name.quotedIdentifier)", UnreadableText())
        }
        return Object(type: type, name: name, table: table, sql: sql)
    }
}

extension StoredSchema.Object {
    /// By its text, which SQLite itself begins like this, whatever was sent.
    fileprivate var isVirtualTable: Bool {
        let beginning = "CREATE VIRTUAL TABLE ".utf8
        return sql.utf8.prefix(beginning.count).map(\.lowercased).elementsEqual(beginning.map(\.lowercased))
    }
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
func naming<Result: ~Copyable>(_ object: String, _ body: () throws -> Result) throws -> Result {
    do {
        return try body()
    } catch let error as ObjectError {
        throw error
    } catch {
        throw ObjectError(object, error)
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
