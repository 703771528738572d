import HTTPServer
import JSON
import SQLCipher

/// One statement as a client sends it: `{"sql": …, "args"?: …}`.
struct QueryBody {
    let sql: BodyText
    let arguments: Arguments

    /// Reads the body of `POST /v1/query`.
    static func read(_ body: RequestBody) throws -> QueryBody {
        try body.withUnsafeBytes { bytes in
            try make(of: body) { try ObjectBody.read(bytes, $0) }
        }
    }

    /// Reads one of the statements of a body.
    static func read(_ cursor: inout JSONCursor, of body: RequestBody) throws -> QueryBody {
        try make(of: body) { try ObjectBody.readObject("statements", &cursor, $0) }
    }

    /// Makes a query of the members that `readObject` calls its argument for. No initializer, which would take the body
    /// over.
    private static func make(
        of body: RequestBody, _ readObject: ((JSONStringToken, inout JSONCursor) throws -> Bool) throws -> Void
    ) throws -> QueryBody {
        var sql: BodyText?
        var arguments = Arguments.none
        try readObject { name, cursor in
            switch name {
            case "sql": sql = try cursor.text(for: "sql", of: body)
            case "args": arguments = try ArgumentReader.read(&cursor)
            default: return false
            }
            return true
        }
        guard let sql else { throw Problem.invalidField("sql", "is missing") }
        return QueryBody(sql: sql, arguments: arguments)
    }
}
