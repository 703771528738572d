/// What a value is, known from its first byte.
public enum JSONKind: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool
    /// A number of either kind.
    case number
    /// A string.
    case string
    /// An array.
    case array
    /// An object.
    case object
}

/// Reads a JSON document from front to back without building a tree.
///
/// ```swift
/// try cursor.beginObject()
/// while let name = try cursor.nextName() {
///     switch name {
///     case "sql": sql = try cursor.readString()
///     default: try cursor.skipValue()
///     }
/// }
/// try cursor.finish()
/// ```
///
/// After `beginObject` each name must be followed by reading or skipping its value, and after `beginArray` each
/// `nextElement` that returns true by reading or skipping the element. Duplicate names are left to the caller, who
/// knows which names matter; `readValue` refuses them.
///
/// The input must stay valid and unchanged while the cursor or a token of it is used.
public struct JSONCursor {
    let input: UnsafeRawBufferPointer
    let maximumDepth: Int
    /// Where in the input the next byte to be read lies; after an error, unspecified.
    public internal(set) var offset: Int
    /// Arrays and objects that are begun and not ended.
    public private(set) var depth = 0
    /// Nothing of the innermost container has been read: no comma is due.
    private var isAtFirst = false

    /// Makes a cursor at the beginning of `input`, or at a value inside it that is to be read alone; more than
    /// `maximumDepth` containers inside each other are refused, counted from there.
    public init(_ input: UnsafeRawBufferPointer, at offset: Int = 0, maximumDepth: Int = 64) {
        precondition((0...input.count).contains(offset), "a cursor stands in its input")
        self.input = input
        self.offset = offset
        self.maximumDepth = maximumDepth
    }

    /// What the next value is; skips the whitespace before it.
    public mutating func peek() throws(JSONError) -> JSONKind {
        switch try nextByte() {
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        default: throw unexpected()
        }
    }

    /// Enters an object.
    public mutating func beginObject() throws(JSONError) {
        try begin(.object)
    }

    /// The next member's name, or `nil` after the object's end has been read.
    public mutating func nextName() throws(JSONError) -> JSONStringToken? {
        guard try advance(closing: UInt8(ascii: "}")) else { return nil }
        guard try nextByte() == UInt8(ascii: "\"") else { throw unexpected() }
        let name = try scanString()
        guard try nextByte() == UInt8(ascii: ":") else { throw unexpected() }
        offset += 1
        return name
    }

    /// Enters an array.
    public mutating func beginArray() throws(JSONError) {
        try begin(.array)
    }

    /// Whether another element follows; `false` after the array's end has been read.
    public mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"))
    }

    /// Reads `true` or `false`.
    public mutating func readBool() throws(JSONError) -> Bool {
        try expect(.bool)
        let value = input[offset] == UInt8(ascii: "t")
        try readLiteral(value ? "true" : "false")
        return value
    }

    /// Reads `null`.
    public mutating func readNull() throws(JSONError) {
        try expect(.null)
        try readLiteral("null")
    }

    /// Checks the next value and passes over it, duplicate names excepted.
    public mutating func skipValue() throws(JSONError) {
        switch try peek() {
        case .null: try readNull()
        case .bool: _ = try readBool()
        case .number: _ = try readNumber()
        case .string: _ = try readStringToken()
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .object:
            try beginObject()
            while try nextName() != nil { try skipValue() }
        }
    }

    /// Checks that nothing but whitespace follows.
    public mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset == input.count else { throw JSONError(.trailingData, at: offset) }
    }

    /// Passes over spaces, tabs, line feeds and carriage returns.
    public mutating func skipWhitespace() {
        while offset < input.count, Self.isWhitespace(input[offset]) { offset += 1 }
    }
}

extension JSONCursor {
    /// The first byte that is no whitespace, not yet passed.
    @inline(__always)
    private mutating func nextByte() throws(JSONError) -> UInt8 {
        while offset < input.count {
            let byte = input[offset]
            // Nearly always: no whitespace is above a space.
            guard byte <= 0x20, Self.isWhitespace(byte) else { return byte }
            offset += 1
        }
        throw JSONError(.unexpectedEnd, at: offset)
    }

    private static func isWhitespace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09 || byte == 0x0A || byte == 0x0D
    }

    func unexpected() -> JSONError {
        if offset == 0, input.starts(with: [0xEF, 0xBB, 0xBF]) { return JSONError(.byteOrderMark, at: 0) }
        return JSONError(.unexpectedByte, at: offset)
    }

    mutating func expect(_ kind: JSONKind) throws(JSONError) {
        guard try peek() == kind else { throw JSONError(.typeMismatch, at: offset) }
    }

    private mutating func begin(_ kind: JSONKind) throws(JSONError) {
        try expect(kind)
        guard depth < maximumDepth else { throw JSONError(.tooDeep, at: offset) }
        offset += 1
        depth += 1
        isAtFirst = true
    }

    /// Moves to the next member or element, or past the container's end and answers false.
    private mutating func advance(closing: UInt8) throws(JSONError) -> Bool {
        precondition(depth > 0, "no container has been begun")
        let byte = try nextByte()
        if byte == closing {
            offset += 1
            depth -= 1
            isAtFirst = false
            return false
        }
        if isAtFirst {
            isAtFirst = false
            return true
        }
        guard byte == UInt8(ascii: ",") else { throw unexpected() }
        offset += 1
        return true
    }

    private mutating func readLiteral(_ literal: StaticString) throws(JSONError) {
        let start = offset
        for index in 0..<literal.utf8CodeUnitCount {
            guard offset < input.count else { throw JSONError(.unexpectedEnd, at: offset) }
            guard input[offset] == literal.utf8Start[index] else { throw JSONError(.invalidLiteral, at: start) }
            offset += 1
        }
    }
}
