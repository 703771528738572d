import CSQLCipher

/// The present row of a running statement, without a copy: it is used before the statement is stepped, reset or
/// finished.
public struct Row {
    private let handle: OpaquePointer

    /// The number of columns.
    public let columnCount: Int

    init(handle: OpaquePointer) {
        self.handle = handle
        columnCount = Int(sqlite3_column_count(handle))
    }

    /// The value of a column, from 0, without a copy.
    ///
    /// - Throws: ``SQLiteCode/outOfMemory`` if SQLite had to convert the text to UTF-8, or to make a blob of zeros that
    ///   it keeps as a length, and could not.
    public func column(_ index: Int) throws(SQLiteError) -> ColumnValue {
        // No blob is larger than SQLite's limit.
        try column(index, blobUpTo: .max)!
    }

    /// The same; nil for a blob of more than `limit` bytes, which SQLite is not asked for: one of zeros that it keeps
    /// as a length alone stays so. See https://www.sqlite.org/c3ref/column_blob.html.
    public func column(_ index: Int, blobUpTo limit: Int) throws(SQLiteError) -> ColumnValue? {
        let column = Int32(truncatingIfNeeded: index)
        switch sqlite3_column_type(handle, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, column))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, column))
        case SQLITE_TEXT:
            guard let text = sqlite3_column_text(handle, column) else { throw Self.outOfMemory }
            return .text(UnsafeRawBufferPointer(start: text, count: Int(sqlite3_column_bytes(handle, column))))
        case SQLITE_BLOB:
            // Asked for first: what could not be made is NULL afterwards.
            let count = Int(sqlite3_column_bytes(handle, column))
            guard count <= limit else { return nil }
            let bytes = sqlite3_column_blob(handle, column)
            guard bytes != nil || count == 0 else { throw Self.outOfMemory }
            return .blob(UnsafeRawBufferPointer(start: bytes, count: count))
        default: return .null
        }
    }

    private static var outOfMemory: SQLiteError { SQLiteError(.outOfMemory, message: "out of memory") }
}
