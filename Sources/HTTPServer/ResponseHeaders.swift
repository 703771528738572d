/// The header fields of a response, in the order they are sent.
public struct ResponseHeaders: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// One field.
    public struct Field: Hashable, Sendable {
        /// The name.
        public let name: String
        /// The value, without control characters.
        public let value: String
    }

    /// The fields, in order.
    public private(set) var fields: [Field] = []

    /// Makes an empty list.
    public init() {}

    /// Those of a JSON response. The compiler lays an array of constants out, and such a one counts no references,
    /// which event threads would take from each other for each response.
    static let json = ResponseHeaders(constants: [Field(name: "Content-Type", value: "application/json")])

    private init(constants: [Field]) {
        fields = constants
    }

    /// Makes a list from a literal; a name may occur more than once.
    public init(dictionaryLiteral elements: (String, String)...) {
        for (name, value) in elements { add(name, value) }
    }

    /// Adds a field, beside others of its name. `name` is a token. Control characters in `value` are left out: a line
    /// break in it would begin another field.
    public mutating func add(_ name: String, _ value: String) {
        precondition(!name.isEmpty && name.utf8.allSatisfy(HTTPToken.contains), "a header name is not a token")
        let isPlain = value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
        let plain = isPlain ? value : String(value.unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F })
        fields.append(Field(name: name, value: plain))
    }

    /// The first value of that name, whose case does not matter. Setting it replaces all of that name.
    public subscript(name: String) -> String? {
        get { fields.first { $0.name.utf8.equalsIgnoringCase(name) }?.value }
        set {
            fields.removeAll { $0.name.utf8.equalsIgnoringCase(name) }
            if let newValue { add(name, newValue) }
        }
    }

    func contains(_ name: String) -> Bool {
        fields.contains { $0.name.utf8.count == name.utf8.count && $0.name.utf8.equalsIgnoringCase(name) }
    }
}
