import HTTPServer
import JSON
import SQLCipher

/// Reads a statement's arguments from JSON: an array by position, an object by name.
///
/// Integers are exact over the whole range of `Int64`; booleans are 1 and 0. What JSON has no form for is an object
/// with one member: `{"base64": …}` a blob, `{"text_base64": …}` text of any bytes, `{"float": "Infinity"}`.
enum ArgumentReader {
    static func read(_ cursor: inout JSONCursor) throws -> Arguments {
        switch try cursor.peek() {
        case .array:
            var values = ValueList()
            try cursor.beginArray()
            while try cursor.nextElement() { values.append(try value(&cursor)) }
            return .positional(values)
        case .object:
            var values: [(name: String, value: Value)] = []
            try cursor.beginObject()
            while let name = try cursor.nextName() { values.append((name.string, try value(&cursor))) }
            return .named(values)
        case .null:
            try cursor.readNull()
            return .positional([])
        case .bool, .number, .string:
            throw Problem.invalidField("args", "must be an array or an object")
        }
    }

    private static func value(_ cursor: inout JSONCursor) throws -> Value {
        switch try cursor.peek() {
        case .null:
            try cursor.readNull()
            return .null
        case .bool: return .integer(try cursor.readBool() ? 1 : 0)
        case .number:
            switch try cursor.readNumber() {
            case .integer(let number): return .integer(number)
            case .double(let number): return .real(number)
            }
        case .string: return .text(try cursor.readString())
        case .object: return try tagged(&cursor)
        case .array: throw Problem.invalidArgument("an argument cannot be an array")
        }
    }

    private static func tagged(_ cursor: inout JSONCursor) throws -> Value {
        try cursor.beginObject()
        guard let tag = try cursor.nextName() else { throw unknownForm }
        guard try cursor.peek() == .string else { throw unknownForm }
        let value: Value
        switch tag {
        case "base64": value = .blob(try bytes(&cursor))
        case "text_base64": value = .textBytes(try bytes(&cursor))
        case "float": value = .real(try infinity(&cursor))
        default: throw unknownForm
        }
        guard try cursor.nextName() == nil else { throw unknownForm }
        return value
    }

    private static func bytes(_ cursor: inout JSONCursor) throws -> [UInt8] {
        let bytes = try cursor.readStringToken().utf8
        guard let decoded = bytes.withUnsafeBytes({ Base64.decode($0) }) else {
            throw Problem.invalidArgument("base64 text is malformed")
        }
        return decoded
    }

    private static func infinity(_ cursor: inout JSONCursor) throws -> Double {
        switch try cursor.readStringToken() {
        case "Infinity": return .infinity
        case "-Infinity": return -.infinity
        default: throw Problem.invalidArgument("'float' is for \"Infinity\" and \"-Infinity\"; SQLite has no NaN")
        }
    }

    private static var unknownForm: Problem {
        .invalidArgument(
            "an object argument must be {\"base64\": …}, {\"text_base64\": …} or {\"float\": \"Infinity\"}")
    }
}
