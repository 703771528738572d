import HTTPServer
import JSON

/// Reads the JSON object that a request's body must be, member by member.
///
/// A member that nobody knows, one that is given twice and one of the wrong type are each refused by name.
enum ObjectBody {
    /// More than any object has that are known.
    private static let mostMembers = 16

    /// Calls `read` for every member; it answers whether it knows the name, and has read the value then.
    static func read(
        _ bytes: UnsafeRawBufferPointer, _ read: (JSONStringToken, inout JSONCursor) throws -> Bool
    ) throws {
        var cursor = JSONCursor(bytes)
        try readMembers(&cursor, read)
        do throws(JSONError) { try cursor.finish() } catch { throw Problem.malformedJSON(error) }
    }

    /// Reads one object at the cursor on the same terms.
    static func readObject(
        _ field: String, _ cursor: inout JSONCursor, _ read: (JSONStringToken, inout JSONCursor) throws -> Bool
    ) throws {
        try cursor.expect(.object, for: field)
        try readMembers(&cursor, read)
    }

    private static func readMembers(
        _ cursor: inout JSONCursor, _ read: (JSONStringToken, inout JSONCursor) throws -> Bool
    ) throws {
        do {
            guard try cursor.peek() == .object else {
                throw Problem.invalidField("body", "must be a JSON object")
            }
            try cursor.beginObject()
            // Only known names get in here, each once.
            try withUnsafeTemporaryAllocation(of: JSONStringToken.self, capacity: mostMembers) { seen in
                var count = 0
                while let name = try cursor.nextName() {
                    if seen[..<count].contains(name) { throw Problem.invalidField(name.string, "is given twice") }
                    guard count < seen.count, try read(name, &cursor) else {
                        throw Problem.invalidField(name.string, "is not known here")
                    }
                    seen.initializeElement(at: count, to: name)
                    count += 1
                }
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
