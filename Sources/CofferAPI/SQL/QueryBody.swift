import HTTPServer
import JSON
import SQLCipher

/// One statement as a client sends it: `{"sql": …, "args"?: …}`.
struct QueryBody {
    /// Nil only until it has been read.
    private var text: BodyText?
    private(set) var arguments = Arguments.none

    var sql: BodyText { text! }

    /// Reads the body of `POST /v1/query`.
    static func read(_ body: RequestBody) throws -> QueryBody {
        var query = QueryBody()
        try body.withUnsafeBytes { bytes in
            try ObjectBody.read(bytes) { try query.read($0, &$1, of: body) }
        }
        try query.checkIsComplete()
        return query
    }

    /// Reads one of the statements of a body.
    fileprivate static func read(_ cursor: inout JSONCursor, of body: RequestBody) throws -> QueryBody {
        var query = QueryBody()
        try ObjectBody.readObject("statements", &cursor) { try query.read($0, &$1, of: body) }
        try query.checkIsComplete()
        return query
    }

    private mutating func read(
        _ name: JSONStringToken, _ cursor: inout JSONCursor, of body: RequestBody
    ) throws -> Bool {
        switch name {
        case "sql": text = try cursor.text(for: "sql", of: body)
        case "args": arguments = try ArgumentReader.read(&cursor)
        default: return false
        }
        return true
    }

    private func checkIsComplete() throws {
        guard text != nil else { throw Problem.invalidField("sql", "is missing") }
    }
}

/// Several statements: `{"statements": [{"sql": …, "args"?: …}, …], "atomic"?: true}`.
struct BatchBody {
    var statements: [QueryBody]
    var isAtomic: Bool

    /// Reads the body of `POST /v1/query/batch`.
    static func read(_ body: RequestBody) throws -> BatchBody {
        var statements: [QueryBody]?
        var isAtomic = true
        try body.withUnsafeBytes { bytes in
            try ObjectBody.read(bytes) { name, cursor in
                switch name {
                case "statements": statements = try Self.statements(&cursor, of: body)
                case "atomic": isAtomic = try cursor.bool(for: "atomic")
                default: return false
                }
                return true
            }
        }
        guard let statements else { throw Problem.invalidField("statements", "is missing") }
        guard !statements.isEmpty else { throw Problem.invalidField("statements", "must not be empty") }
        return BatchBody(statements: statements, isAtomic: isAtomic)
    }

    private static func statements(_ cursor: inout JSONCursor, of body: RequestBody) throws -> [QueryBody] {
        try cursor.expect(.array, for: "statements")
        var statements: [QueryBody] = []
        try cursor.beginArray()
        while try cursor.nextElement() { statements.append(try QueryBody.read(&cursor, of: body)) }
        return statements
    }
}
