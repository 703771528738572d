/// One JSON value (RFC 8259, https://www.rfc-editor.org/rfc/rfc8259) as a tree.
///
/// Integers stay exact over the whole range of `Int64`; they are not the same value as the equal double.
public enum JSONValue: Sendable, Equatable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number written without fraction and exponent.
    case integer(Int64)
    /// A number written with a fraction or an exponent.
    case double(Double)
    /// A string; U+0000 is allowed in it.
    case string(String)
    /// An array.
    case array([JSONValue])
    /// An object: its members in the order of the document, every name once.
    case object([JSONMember])
}

/// One member of a JSON object.
public struct JSONMember: Sendable, Equatable {
    /// The name, with its escapes resolved.
    public let name: String
    /// The value.
    public let value: JSONValue

    /// Makes a member.
    public init(name: String, value: JSONValue) {
        self.name = name
        self.value = value
    }
}

extension JSONValue {
    /// The value of an object's member; `nil` where there is none or where this is no object.
    public subscript(name: String) -> JSONValue? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name.hasSameCodeUnits(as: name) }?.value
    }

    /// The string, or `nil` for every other kind.
    public var stringValue: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The integer, or `nil` for every other kind, doubles included.
    public var integerValue: Int64? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// The number as a double (rounded for integers beyond 2^53), or `nil` for every other kind.
    public var doubleValue: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .double(let value): value
        default: nil
        }
    }

    /// The truth value, or `nil` for every other kind.
    public var boolValue: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements, or `nil` for every other kind.
    public var arrayValue: [JSONValue]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members, or `nil` for every other kind.
    public var objectValue: [JSONMember]? {
        if case .object(let members) = self { members } else { nil }
    }
}

extension String {
    /// Equality by code unit, as https://www.rfc-editor.org/rfc/rfc8259#section-8.3 compares names;
    /// `==` would also match canonically equivalent strings.
    func hasSameCodeUnits(as other: String) -> Bool {
        utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8)
    }
}
