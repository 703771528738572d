import HTTPServer
import JSON
import SQLCipher
import Timekeeping

/// Steps a statement and writes its result as lines of JSON, piece by piece: the columns, a line for each row, and what
/// is known when it has run. See https://github.com/ndjson/ndjson-spec.
struct LineWriter: ~Copyable {
    static let contentType = "application/x-ndjson"
    /// Bytes of a piece, beside the end of its last row.
    static let pieceBytes = 64 * 1024

    private struct Progress {
        /// Encoded; none if rows are arrays.
        let names: [Bytes]
        let start: MonotonicInstant
        let changesBefore: Int64
        var hasRow: Bool
        var isTruncated = false
    }

    private var result: ResultWriter
    private var progress: Progress?

    /// - Parameter options: their bytes bound one piece, which is a row at least.
    init(_ options: ResultOptions) {
        result = ResultWriter(options)
    }

    /// The bytes that were written since the last call.
    mutating func take() -> Bytes {
        result.json.take()
    }

    consuming func finish() -> Bytes {
        result.finish()
    }

    /// Writes a piece; true if it is the last one.
    ///
    /// - Throws: a problem if a row alone is larger than a reply may be.
    mutating func writePiece(of statement: borrowing Statement, on connection: Connection) throws -> Bool {
        var progress = try progress ?? begin(statement, on: connection)
        defer { self.progress = progress }
        while progress.hasRow {
            guard try result.writeRow(of: statement, progress.names) else {
                if result.json.count > 0 { return false }
                throw Problem.rowTooLarge
            }
            result.json.endLine()
            progress.hasRow = try statement.step()
            if progress.hasRow, result.json.count >= Self.pieceBytes { return false }
        }
        end(statement, on: connection, progress)
        return true
    }

    /// Writes all of a statement that writes, and as many of its rows as a reply may have: it is run to its end before
    /// anybody gets a row.
    mutating func writeAll(of statement: borrowing Statement, on connection: Connection) throws {
        if !statement.isReadOnly { try result.checkColumns(of: statement) }
        var progress = try begin(statement, on: connection)
        while progress.hasRow {
            if try !progress.isTruncated && result.writeRow(of: statement, progress.names) {
                result.json.endLine()
            } else {
                progress.isTruncated = true
            }
            progress.hasRow = try statement.step()
        }
        end(statement, on: connection, progress)
    }

    private mutating func begin(_ statement: borrowing Statement, on connection: Connection) throws -> Progress {
        let start = SystemTime().now
        let changesBefore = connection.totalChanges
        // The columns are known after the first step.
        let hasRow = try statement.step()
        result.json.beginObject()
        try result.writeColumns(of: statement)
        result.json.append("}\n")
        return Progress(
            names: result.memberNames(of: statement), start: start, changesBefore: changesBefore, hasRow: hasRow)
    }

    private mutating func end(_ statement: borrowing Statement, on connection: Connection, _ progress: Progress) {
        result.json.beginObject()
        result.writeTail(
            of: statement, on: connection, since: progress.start, changesBefore: progress.changesBefore,
            truncated: progress.isTruncated)
        result.json.append("}\n")
    }
}

extension Problem {
    /// 507: a row takes more than a reply may have.
    fileprivate static let rowTooLarge = Problem(
        .insufficientStorage, "statement_memory", detail: "A row is larger than the limit of a reply.")
}
