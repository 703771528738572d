import HTTPServer
import JSON
import SQLCipher

/// One statement as a client sends it: `{"sql": …, "args"?: …}`.
struct QueryBody {
    var sql: BodyText
    var arguments: Arguments

    /// Reads the body of `POST /v1/query`.
    static func read(_ body: RequestBody) throws -> QueryBody {
        var partial = Partial(body: body)
        try body.withUnsafeBytes { bytes in try ObjectBody.read(bytes) { try partial.read($0, &$1) } }
        return try partial.complete()
    }

    fileprivate struct Partial {
        let body: RequestBody
        var sql: BodyText?
        var arguments = Arguments.positional([])

        mutating func read(_ name: JSONStringToken, _ cursor: inout JSONCursor) throws -> Bool {
            switch name {
            case "sql": sql = try cursor.text(for: "sql", of: body)
            case "args": arguments = try ArgumentReader.read(&cursor)
            default: return false
            }
            return true
        }

        func complete() throws -> QueryBody {
            guard let sql else { throw Problem.invalidField("sql", "is missing") }
            return QueryBody(sql: sql, arguments: arguments)
        }
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
        while try cursor.nextElement() {
            var partial = QueryBody.Partial(body: body)
            try ObjectBody.readObject("statements", &cursor) { try partial.read($0, &$1) }
            statements.append(try partial.complete())
        }
        return statements
    }
}
