import HTTPServer
import JSON

extension Problem {
    /// 400: a member of the body, or a query parameter, is not what it must be.
    static func invalidField(_ field: String, _ reason: String) -> Problem {
        // The name may be the client's, and as long as the body. Its scalars are counted, for a character may have any
        // number.
        let field = String(String.UnicodeScalarView(field.unicodeScalars.prefix(100)))
        return Problem(
            .badRequest, "invalid_field", title: "Invalid field", detail: "'\(field)' \(reason)",
            members: [JSONMember(name: "field", value: .string(field))])
    }

    /// 400: an argument of a statement is not a value that SQLite can hold, or does not fit the statement's parameters.
    static func invalidArgument(_ reason: String) -> Problem {
        Problem(.badRequest, "invalid_argument", title: "Invalid argument", detail: reason)
    }

    /// 400: the body is not JSON. The offset is in bytes.
    static func malformedJSON(_ error: JSONError) -> Problem {
        Problem(
            .badRequest, "malformed_json", title: "Malformed JSON", detail: "\(error)",
            members: [
                JSONMember(name: "reason", value: .string(error.reason.rawValue)),
                JSONMember(name: "offset", value: .integer(Int64(error.offset))),
            ])
    }
}

extension JSONMember {
    /// Where in the SQL text, in bytes.
    static func sqlOffset(_ offset: Int) -> JSONMember {
        JSONMember(name: "sql_offset", value: .integer(Int64(offset)))
    }
}
