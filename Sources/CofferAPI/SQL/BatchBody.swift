import HTTPServer
import JSON

/// Several statements: `{"statements": [{"sql": …, "args"?: …}, …], "atomic"?: true}`.
///
/// All of them are checked when the body is read, and each is read again when its turn comes: a body may have hundreds
/// of thousands, and with its arguments each takes many times the memory that it takes as text.
struct BatchBody {
    private let body: RequestBody
    /// Where in the body each statement begins.
    let starts: [Int]
    let isAtomic: Bool

    /// Reads the body of `POST /v1/query/batch`.
    static func read(_ body: RequestBody) throws -> BatchBody {
        var starts: [Int]?
        var isAtomic = true
        try body.withUnsafeBytes { bytes in
            try ObjectBody.read(bytes) { name, cursor in
                switch name {
                case "statements": starts = try check(&cursor, of: body)
                case "atomic": isAtomic = try cursor.bool(for: "atomic")
                default: return false
                }
                return true
            }
        }
        guard let starts else { throw Problem.invalidField("statements", "is missing") }
        guard !starts.isEmpty else { throw Problem.invalidField("statements", "must not be empty") }
        return BatchBody(body: body, starts: starts, isAtomic: isAtomic)
    }

    /// Checks the statements, and answers where each begins.
    private static func check(_ cursor: inout JSONCursor, of body: RequestBody) throws -> [Int] {
        try cursor.expect(.array, for: "statements")
        var starts: [Int] = []
        try cursor.beginArray()
        while try cursor.nextElement() {
            starts.append(cursor.offset)
            _ = try QueryBody.read(&cursor, of: body)
        }
        return starts
    }

    /// Reads one of the statements, by its number from 0.
    func statement(_ index: Int) throws -> QueryBody {
        try body.withUnsafeBytes { bytes in
            var cursor = JSONCursor(bytes, at: starts[index])
            return try QueryBody.read(&cursor, of: body)
        }
    }
}
