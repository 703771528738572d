import CSQLCipher
import Timekeeping

/// What reading the schema of a database may cost that nothing is believed of.
public struct SchemaBounds: Sendable {
    /// Bytes of all SQL texts in it together.
    public var textBytes = 8 << 20
    /// Bytes that SQLite keeps of it in memory, which may be some thousand times the text. It is looked at after each
    /// 64 KiB of text, so that one text may exceed it by what one statement may cost.
    public var memoryBytes = 32 << 20
    /// When it must have been read. It goes on to bound what the connection does, as set by
    /// ``Connection/limit(until:)``.
    public var deadline: MonotonicInstant

    /// Makes the usual bounds.
    public init(deadline: MonotonicInstant) {
        self.deadline = deadline
    }
}

/// Stops the reading of a schema that takes too much.
///
/// With the first statement of a connection SQLite reads the whole schema, parses each text in it and keeps what comes
/// of it. No limit of its own bounds that, and several entries may share the pages of a long text, so that the file's
/// size does not either. But it tells of each row before the text in it is parsed:
/// https://www.sqlite.org/c3ref/c_trace.html.
final class SchemaWatch {
    /// Bytes of text between two looks at the memory, each of which takes as long as there are objects. An object has
    /// some hundred bytes in any case.
    private static let step = 64 << 10
    private static let leastBytes = 100
    /// The texts are in the last of the columns that SQLite asks for.
    private static let textColumn: Int32 = 4

    private let bounds: SchemaBounds
    private let handle: OpaquePointer
    private var textBytes = 0
    private var unweighed = 0
    private(set) var isExceeded = false

    init(_ bounds: SchemaBounds, on handle: OpaquePointer) {
        self.bounds = bounds
        self.handle = handle
    }

    /// Runs `body`, and interrupts the handle when the schema that it reads exceeds the bounds.
    func run<Result>(_ body: () throws(SQLiteError) -> Result) throws(SQLiteError) -> Result {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_trace_v2(handle, UInt32(SQLITE_TRACE_ROW), countRow, context)
        defer { sqlite3_trace_v2(handle, 0, nil, nil) }
        do throws(SQLiteError) {
            let result = try body()
            // The last entry may have been too much.
            if !isExceeded { return result }
        } catch {
            if !isExceeded { throw error }
        }
        throw SQLiteError(.tooBig, message: "the schema is too large")
    }

    fileprivate func count(_ row: OpaquePointer) {
        guard sqlite3_column_count(row) > Self.textColumn else { return }
        let bytes = Int(sqlite3_column_bytes(row, Self.textColumn))
        textBytes += bytes
        unweighed += bytes + Self.leastBytes
        if unweighed >= Self.step {
            unweighed = 0
            if memoryBytes > bounds.memoryBytes { isExceeded = true }
        }
        if textBytes > bounds.textBytes { isExceeded = true }
        if isExceeded { sqlite3_interrupt(handle) }
    }

    /// https://www.sqlite.org/c3ref/c_dbstatus_options.html#sqlitedbstatusschemaused
    private var memoryBytes: Int {
        var (now, highest) = (Int32(0), Int32(0))
        sqlite3_db_status(handle, SQLITE_DBSTATUS_SCHEMA_USED, &now, &highest, 0)
        return Int(now)
    }
}

private func countRow(
    _: UInt32, _ context: UnsafeMutableRawPointer?, _ statement: UnsafeMutableRawPointer?, _: UnsafeMutableRawPointer?
) -> Int32 {
    Unmanaged<SchemaWatch>.fromOpaque(context!).takeUnretainedValue().count(OpaquePointer(statement!))
    return 0
}
