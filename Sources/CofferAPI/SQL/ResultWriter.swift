import HTTPServer
import JSON
import SQLCipher
import Timekeeping

/// Steps a statement and writes its result straight from SQLite's memory into JSON.
///
/// Rows are written while the reply stays within its limit. What stands around them is needed even where no row fits,
/// so it counts by itself, and a request whose results pass the limit without a row is refused.
struct ResultWriter: ~Copyable {
    /// The most that follows the rows of a result: three integers, a duration and a truth value with their names.
    static let tailBytes = 192

    /// Enough for a few rows, and small enough for the allocator's quick way: glibc keeps freed blocks of up to 1032
    /// bytes for the thread that has freed them (https://sourceware.org/glibc/wiki/MallocInternals).
    private static let initialCapacity = 960

    var json: JSONWriter
    private let options: ResultOptions
    /// Rows still allowed in the reply; a batch shares them among its results.
    private var rowsLeft: Int
    /// Bytes still allowed for what is no row; a batch shares them too.
    private var metadataLeft: Int

    init(_ options: ResultOptions) {
        json = JSONWriter(capacity: Self.initialCapacity)
        self.options = options
        rowsLeft = options.maximumRows
        metadataLeft = options.maximumBytes
    }

    /// Runs the statement as ``write(_:on:)`` does: the JSON of its result alone.
    static func reply(
        to statement: borrowing Statement, on connection: Connection, _ options: ResultOptions
    ) throws -> Bytes {
        var writer = ResultWriter(options)
        try writer.write(statement, on: connection)
        return writer.finish()
    }

    consuming func finish() -> Bytes {
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
    ///
    /// - Throws: a problem if the result is too large even without rows; a statement that writes has done nothing then.
    mutating func write(_ statement: borrowing Statement, on connection: Connection) throws {
        let start = SystemTime().now
        let changesBefore = connection.totalChanges
        if !statement.isReadOnly { try checkColumns(of: statement) }
        // The columns are known after the first step: it may find a changed schema and compile the statement anew.
        let hasRow = try statement.step()
        let startOfResult = json.count
        json.beginObject()
        try writeColumns(of: statement)
        metadataLeft -= json.count - startOfResult + Self.tailBytes
        let truncated = try writeRows(of: statement, startingWith: hasRow, memberNames(of: statement))
        writeTail(of: statement, on: connection, since: start, changesBefore: changesBefore, truncated: truncated)
        json.endObject()
    }

    /// Writes what is known of a statement when it has run.
    mutating func writeTail(
        of statement: borrowing Statement, on connection: Connection, since start: MonotonicInstant,
        changesBefore: Int64,
        truncated: Bool
    ) {
        json.name("rows_affected")
        // What sqlite3_changes says is left from an earlier statement unless this one changed something.
        json.write(connection.totalChanges == changesBefore ? 0 : connection.changes)
        json.name("last_insert_rowid")
        json.write(asString: connection.lastInsertRowID)
        json.name("fullscan_steps")
        json.write(statement.fullscanSteps)
        json.name("duration_ms")
        let microseconds = (SystemTime().now.nanoseconds - start.nanoseconds + 500) / 1000
        json.write(thousandths: microseconds)
        json.name("truncated")
        json.write(truncated)
    }

    mutating func checkColumns(of statement: borrowing Statement) throws {
        let mark = json.mark
        try writeColumns(of: statement)
        json.rewind(to: mark)
    }

    mutating func writeColumns(of statement: borrowing Statement) throws {
        let limit = json.count + metadataLeft - Self.tailBytes
        json.name("columns")
        if let columns = statement.encodedColumns {
            columns.withUnsafeBytes { json.append(bytes: $0) }
        } else {
            let mark = json.mark
            try encodeColumns(of: statement, upTo: limit)
            json.withBytes(since: mark) { statement.keep(encodedColumns: $0) }
        }
        guard json.count <= limit else { throw Problem.replyTooLarge }
    }

    private mutating func encodeColumns(of statement: borrowing Statement, upTo limit: Int) throws {
        json.beginArray()
        for column in 0..<statement.columnCount {
            json.beginObject()
            json.name("name")
            write(identifier: statement.columnName(column))
            json.name("type")
            if let type = statement.columnDeclaredType(column) { write(identifier: type) } else { json.writeNull() }
            json.endObject()
            guard json.count <= limit else { throw Problem.replyTooLarge }
        }
        json.endArray()
    }

    /// The names of the columns, encoded as those of an object's members; none if rows are arrays.
    func memberNames(of statement: borrowing Statement) -> [Bytes] {
        guard options.rowsAsObjects else { return [] }
        var names = ColumnNames()
        for column in 0..<statement.columnCount {
            names.append(String(decoding: statement.columnName(column), as: UTF8.self))
        }
        return names.unique.map { JSONWriter.encoded(name: $0) }
    }

    /// Writes a name out of a schema, which may come from elsewhere and need not be UTF-8.
    private mutating func write(identifier: UnsafeRawBufferPointer) {
        if !json.write(utf8IfValid: identifier) { json.write(String(decoding: identifier, as: UTF8.self)) }
    }

    /// Writes the rows that fit; true if there were more.
    private mutating func writeRows(
        of statement: borrowing Statement, startingWith first: Bool, _ names: [Bytes]
    ) throws -> Bool {
        var hasRow = first
        var truncated = false
        json.name("rows")
        json.beginArray()
        while hasRow {
            // No row after one that was left out.
            if try truncated || !writeRow(of: statement, names) {
                truncated = true
                if statement.isReadOnly { break }
            }
            hasRow = try statement.step()
        }
        json.endArray()
        return truncated
    }

    /// Writes the present row whole, or nothing and returns false if it does not fit.
    ///
    /// - Parameter names: the columns' encoded names, if rows are objects.
    mutating func writeRow(of statement: borrowing Statement, _ names: [Bytes]) throws -> Bool {
        guard rowsLeft > 0 else { return false }
        let mark = json.mark
        let row = statement.currentRow
        if options.rowsAsObjects { json.beginObject() } else { json.beginArray() }
        for column in 0..<row.columnCount {
            if options.rowsAsObjects { json.name(encoded: names[column]) }
            guard bytesLeft >= 0, let value = try row.column(column, blobUpTo: bytesLeft), write(value) else {
                json.rewind(to: mark)
                return false
            }
        }
        if options.rowsAsObjects { json.endObject() } else { json.endArray() }
        guard bytesLeft >= 0 else {
            json.rewind(to: mark)
            return false
        }
        rowsLeft -= 1
        return true
    }

    /// The bytes that the reply's rows may still take.
    private var bytesLeft: Int { options.maximumBytes - Self.tailBytes - json.count }

    /// Writes a value; false if it is a text or a blob that does not fit.
    private mutating func write(_ value: ColumnValue) -> Bool {
        switch value {
        case .null: json.writeNull()
        case .integer(let number):
            if options.integersAsStrings { json.write(asString: number) } else { json.write(number) }
        case .real(let number): write(number)
        case .text(let text):
            // Counted only near the limit: an escape is six bytes at most.
            guard 6 * text.count + 2 <= bytesLeft || JSONWriter.byteCount(ofString: text) <= bytesLeft else {
                return false
            }
            if !json.write(utf8IfValid: text) { return writeTagged("text_base64", text) }
        case .blob(let bytes): return writeTagged("base64", bytes)
        }
        return true
    }

    private mutating func write(_ number: Double) {
        if number.isFinite {
            json.write(number)
        } else {
            json.beginObject()
            json.name("float")
            json.write(number < 0 ? "-Infinity" : "Infinity")
            json.endObject()
        }
    }

    private mutating func writeTagged(_ tag: StaticString, _ bytes: UnsafeRawBufferPointer) -> Bool {
        guard (bytes.count + 2) / 3 * 4 <= bytesLeft else { return false }
        json.beginObject()
        json.name(tag)
        json.write(base64: bytes)
        json.endObject()
        return true
    }
}

extension Problem {
    /// 507: the results take more than a reply may have, even without a row.
    static let replyTooLarge = Problem(
        .insufficientStorage, "statement_memory",
        detail: "The reply would be larger than the limit, even without rows.")
}

/// Column names as the members of an object: a name that came before gets `:2`, `:3` …
struct ColumnNames {
    private(set) var unique: [String] = []
    private var taken: Set<String> = []
    /// The number that a name got last: a result may have thousands of columns of one name.
    private var last: [String: Int] = [:]

    mutating func append(_ name: String) {
        var candidate = name
        var number = last[name] ?? 1
        while !taken.insert(candidate).inserted {
            number += 1
            candidate = "\(name):\(number)"
        }
        last[name] = number
        unique.append(candidate)
    }
}
