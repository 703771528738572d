import HTTPServer
import JSON

/// Reads the JSON object that a request's body must be, member by member.
///
/// A member that nobody knows, one that is given twice and one of the wrong type are each refused by name.
struct ObjectBody: ~Copyable {
    private var cursor: JSONCursor
    private var seen: [String] = []

    private init(_ bytes: UnsafeRawBufferPointer) {
        cursor = JSONCursor(bytes)
    }

    /// Calls `read` for every member; it answers whether it knows the name, and has read the value then.
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ read: (JSONStringToken, inout JSONCursor) throws -> Bool
    ) throws {
        var body = ObjectBody(bytes)
        try body.readMembers(read)
        do throws(JSONError) { try body.cursor.finish() } catch { throw Problem.malformedJSON(error) }
    }

    /// Reads one object at the cursor on the same terms.
    static func readObject(
        _ field: String, _ cursor: inout JSONCursor, _ read: (JSONStringToken, inout JSONCursor) throws -> Bool
    ) throws {
        try cursor.expect(.object, for: field)
        var object = ObjectBody(at: cursor)
        try object.readMembers(read)
        cursor = object.cursor
    }

    private init(at cursor: JSONCursor) {
        self.cursor = cursor
    }

    private mutating func readMembers(_ read: (JSONStringToken, inout JSONCursor) throws -> Bool) throws {
        seen.reserveCapacity(4)
        do {
            guard try cursor.peek() == .object else {
                throw Problem.invalidField("body", "must be a JSON object")
            }
            try cursor.beginObject()
            while let name = try cursor.nextName() {
                let text = name.string
                if seen.contains(text) { throw Problem.invalidField(text, "is given twice") }
                seen.append(text)
                guard try read(name, &cursor) else { throw Problem.invalidField(text, "is not known here") }
            }
        } catch let error as JSONError {
            throw Problem.malformedJSON(error)
        }
    }
}

extension JSONCursor {
    /// Checks the kind of the next value.
    mutating func expect(_ kind: JSONKind, for field: String) throws {
        guard try peek() == kind else { throw Problem.invalidField(field, "must be \(kind.article)") }
    }

    /// Reads a string member.
    mutating func string(for field: String) throws -> String {
        try expect(.string, for: field)
        return try readString()
    }

    /// Reads a boolean member.
    mutating func bool(for field: String) throws -> Bool {
        try expect(.bool, for: field)
        return try readBool()
    }
}

extension JSONKind {
    fileprivate var article: String {
        switch self {
        case .null: "null"
        case .bool: "true or false"
        case .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
