import JSON
import SQLCipher

/// Steps a statement and writes its result straight from SQLite's memory into JSON.
struct ResultWriter: ~Copyable {
    private var json: JSONWriter
    private let options: ResultOptions
    /// Rows still allowed in the reply; a batch shares them among its results.
    private var rowsLeft: Int

    init(_ options: ResultOptions) {
        json = JSONWriter(capacity: 1024)
        self.options = options
        rowsLeft = options.maximumRows
    }

    consuming func finish() -> [UInt8] {
        json.finish()
    }

    mutating func beginBatch() {
        json.beginObject()
        json.name("results")
        json.beginArray()
    }

    mutating func endBatch() {
        json.endArray()
        json.endObject()
    }

    /// Runs the statement to its end, or to the reply's limit for one that only reads.
    ///
    /// A statement that writes is always run to its end: cutting its `RETURNING` rows must not cut its effect.
    mutating func write(_ statement: Statement, on connection: Connection) throws {
        let start = ContinuousClock.now
        let changesBefore = connection.totalChanges
        // The columns are known after the first step: it may find a changed schema and compile the statement anew.
        let hasRow = try statement.step()
        json.beginObject()
        let names = writeColumns(of: statement)
        let truncated = try writeRows(of: statement, startingWith: hasRow, names)
        json.name("rows_affected")
        // What sqlite3_changes says is left from an earlier statement unless this one changed something.
        json.write(connection.totalChanges == changesBefore ? 0 : connection.changes)
        json.name("last_insert_rowid")
        json.write(asString: connection.lastInsertRowID)
        json.name("fullscan_steps")
        json.write(statement.fullscanSteps)
        json.name("duration_ms")
        json.write((start.duration(to: .now) / .microseconds(1)).rounded() / 1000)
        json.name("truncated")
        json.write(truncated)
        json.endObject()
    }

    private mutating func writeColumns(of statement: Statement) -> [String] {
        var names = ColumnNames()
        json.name("columns")
        json.beginArray()
        for column in 0..<statement.columnCount {
            json.beginObject()
            json.name("name")
            let name = statement.columnName(column)
            json.write(name)
            json.name("type")
            if let type = statement.columnDeclaredType(column) { json.write(type) } else { json.writeNull() }
            json.endObject()
            if options.rowsAsObjects { names.append(name) }
        }
        json.endArray()
        return names.unique
    }

    /// Writes the rows that fit; true if there were more.
    private mutating func writeRows(of statement: Statement, startingWith first: Bool, _ names: [String]) throws -> Bool
    {
        var hasRow = first
        var truncated = false
        json.name("rows")
        json.beginArray()
        while hasRow {
            if rowsLeft == 0 || json.count >= options.maximumBytes {
                truncated = true
                if statement.isReadOnly { break }
            } else {
                rowsLeft -= 1
                try writeRow(of: statement, names)
            }
            hasRow = try statement.step()
        }
        json.endArray()
        return truncated
    }

    private mutating func writeRow(of statement: Statement, _ names: [String]) throws {
        if options.rowsAsObjects {
            json.beginObject()
            for column in 0..<statement.columnCount {
                json.name(escaping: names[column])
                try write(statement.column(column))
            }
            json.endObject()
        } else {
            json.beginArray()
            for column in 0..<statement.columnCount { try write(statement.column(column)) }
            json.endArray()
        }
    }

    private mutating func write(_ value: ColumnValue) {
        switch value {
        case .null: json.writeNull()
        case .integer(let number):
            if options.integersAsStrings { json.write(asString: number) } else { json.write(number) }
        case .real(let number):
            if number.isFinite {
                json.write(number)
            } else {
                json.beginObject()
                json.name("float")
                json.write(number < 0 ? "-Infinity" : "Infinity")
                json.endObject()
            }
        case .text(let text):
            if !json.write(utf8IfValid: text) { writeTagged("text_base64", text) }
        case .blob(let bytes): writeTagged("base64", bytes)
        }
    }

    private mutating func writeTagged(_ tag: StaticString, _ bytes: UnsafeRawBufferPointer) {
        json.beginObject()
        json.name(tag)
        json.write(base64: bytes)
        json.endObject()
    }
}

/// Column names as the members of an object: a name that came before gets `:2`, `:3` …
struct ColumnNames {
    private(set) var unique: [String] = []
    private var taken: Set<String> = []

    mutating func append(_ name: String) {
        var candidate = name
        var number = 1
        while !taken.insert(candidate).inserted {
            number += 1
            candidate = "\(name):\(number)"
        }
        unique.append(candidate)
    }
}
