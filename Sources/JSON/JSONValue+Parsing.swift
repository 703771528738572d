extension JSONValue {
    /// Parses a whole document: one value in UTF-8, at most `maximumDepth` containers inside each other.
    /// A name that occurs twice in one object is an error, wherever the object stands.
    public init(parsing document: UnsafeRawBufferPointer, maximumDepth: Int = 64) throws(JSONError) {
        var cursor = JSONCursor(document, maximumDepth: maximumDepth)
        let value = try cursor.readValue()
        try cursor.finish()
        self = value
    }

    /// Parses a whole document.
    public init(parsing document: [UInt8], maximumDepth: Int = 64) throws(JSONError) {
        let result = document.withUnsafeBytes { bytes in
            Result { () throws(JSONError) in try JSONValue(parsing: bytes, maximumDepth: maximumDepth) }
        }
        self = try result.get()
    }
}

extension JSONCursor {
    /// Reads the next value as a tree and refuses duplicate names in it.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        switch try peek() {
        case .null:
            try readNull()
            return .null
        case .bool: return .bool(try readBool())
        case .string: return .string(try readString())
        case .number:
            switch try readNumber() {
            case .integer(let value): return .integer(value)
            case .double(let value): return .double(value)
            }
        case .array:
            var elements: [JSONValue] = []
            try beginArray()
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case .object: return .object(try readMembers())
        }
    }

    private mutating func readMembers() throws(JSONError) -> [JSONMember] {
        var members: [JSONMember] = []
        var names = DistinctNames()
        try beginObject()
        while let token = try nextName() {
            let name = token.string
            guard names.insert(name, after: members) else {
                throw JSONError(.duplicateName, at: offset(of: token))
            }
            members.append(JSONMember(name: name, value: try readValue()))
        }
        return members
    }

    /// Where a token's opening quote stands.
    public func offset(of token: JSONStringToken) -> Int {
        guard let base = input.baseAddress, let start = token.raw.baseAddress else { return 0 }
        return start - base - 1
    }
}

/// The names that an object already has. A few are compared one by one; more are hashed, so that an object with many
/// members costs linear time.
private struct DistinctNames {
    private static let hashingThreshold = 16
    private var hashed: Set<[UInt8]> = []

    /// Whether `name` is none of the members'; remembers it.
    mutating func insert(_ name: String, after members: [JSONMember]) -> Bool {
        guard members.count >= Self.hashingThreshold else {
            return !members.contains { $0.name.hasSameCodeUnits(as: name) }
        }
        if hashed.isEmpty { hashed = Set(members.map { Array($0.name.utf8) }) }
        return hashed.insert(Array(name.utf8)).inserted
    }
}
