/// A valid user name: 1 to 64 ASCII letters, digits, `.`, `_` and `-`. Two names that differ only in case are the same.
public struct Username: Hashable, Sendable, CustomStringConvertible {
    /// The name as it was registered.
    public let text: String
    /// The name in lower case, which uniqueness goes by.
    public let folded: String

    /// Takes a name, or throws ``AccountError`` with `invalid_username`.
    public init(_ text: String) throws(AccountError) {
        guard (1...64).contains(text.utf8.count), text.utf8.allSatisfy(Self.isAllowed) else {
            throw .invalidUsername
        }
        self.text = text
        folded = text.lowercased()
    }

    /// The name as it was registered.
    public var description: String { text }

    /// Whether both are the same user's name.
    public static func == (left: Username, right: Username) -> Bool {
        left.folded == right.folded
    }

    /// Hashes what equality goes by.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(folded)
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
