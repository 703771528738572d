import CSQLCipher
import Glibc

extension Statement {
    /// The number of columns; 0 for a statement that gives no rows.
    ///
    /// A statement from the cache may be compiled anew by its first step, because the schema has changed: what is said
    /// about columns holds after that step.
    public var columnCount: Int { Int(sqlite3_column_count(handle)) }

    /// The bytes of a column's name, from 0, until the statement is stepped anew or given back. Names need not differ,
    /// and what a schema made elsewhere calls a column need not be UTF-8. See
    /// https://www.sqlite.org/c3ref/column_name.html.
    public func columnName(_ index: Int) -> UnsafeRawBufferPointer {
        checkColumn(index)
        return bytes(sqlite3_column_name(handle, Int32(index))) ?? UnsafeRawBufferPointer(start: nil, count: 0)
    }

    /// The bytes of the type that the table declares for the column, as long as those of its name; nil for an
    /// expression.
    public func columnDeclaredType(_ index: Int) -> UnsafeRawBufferPointer? {
        checkColumn(index)
        return bytes(sqlite3_column_decltype(handle, Int32(index)))
    }

    /// The most bytes that ``keep(encodedColumns:)`` keeps.
    public static let longestEncodedColumns = 4096

    /// What ``keep(encodedColumns:)`` was given, in this use or an earlier one, if the columns are still the same. Like
    /// them, to be asked for after the first step.
    public var encodedColumns: [UInt8]? {
        guard let columns = prepared.columns, columns.recompilations == recompilations else { return nil }
        return columns.bytes
    }

    /// Keeps what the statement's user has made of the columns' names and types, for as long as the statement stays
    /// compiled as it is. More than ``longestEncodedColumns`` bytes are not kept.
    public func keep(encodedColumns bytes: UnsafeRawBufferPointer) {
        guard bytes.count <= Self.longestEncodedColumns else { return }
        prepared.columns = EncodedColumns(bytes: Array(bytes), recompilations: recompilations)
    }

    /// How often SQLite has compiled it anew, because the schema or a setting has changed.
    /// See https://www.sqlite.org/c3ref/c_stmtstatus_counter.html#sqlitestmtstatusreprepare.
    private var recompilations: Int32 { sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0) }

    /// The present row. It is good, like what is read from it, until the statement is stepped, reset or finished.
    public var currentRow: Row { Row(handle: handle) }

    /// The value of a column of the present row, from 0, without a copy.
    ///
    /// - Throws: as ``Row/column(_:)``.
    public func column(_ index: Int) throws(SQLiteError) -> ColumnValue {
        try currentRow.column(index)
    }

    /// The bytes of a column's text or blob in the present row, from 0; 0 for a number and NULL.
    ///
    /// A blob of zeros that SQLite keeps as a length alone stays so, and ``column(_:)`` would make it one in memory.
    /// See https://www.sqlite.org/c3ref/column_blob.html.
    public func columnByteCount(_ index: Int) -> Int {
        let handle = handle
        let column = Int32(truncatingIfNeeded: index)
        switch sqlite3_column_type(handle, column) {
        // Asking for the bytes of a number would turn it into text.
        case SQLITE_TEXT, SQLITE_BLOB: return Int(sqlite3_column_bytes(handle, column))
        default: return 0
        }
    }

    /// The present row, copied.
    public func row() throws(SQLiteError) -> [Value] {
        var row: [Value] = []
        row.reserveCapacity(columnCount)
        for index in 0..<columnCount { row.append(Value(try column(index))) }
        return row
    }

    private func bytes(_ text: UnsafePointer<CChar>?) -> UnsafeRawBufferPointer? {
        text.map { UnsafeRawBufferPointer(start: $0, count: strlen($0)) }
    }

    private func checkColumn(_ index: Int) {
        precondition(index >= 0 && index < columnCount, "there is no column \(index)")
    }
}
