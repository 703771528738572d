/// Why a document was refused, and where.
public struct JSONError: Error, Equatable {
    /// What was wrong. The raw values are stable.
    public enum Reason: String, Sendable {
        /// The input ended inside a value.
        case unexpectedEnd = "unexpected_end"
        /// A byte that cannot stand here.
        case unexpectedByte = "unexpected_byte"
        /// The document begins with a byte order mark.
        case byteOrderMark = "byte_order_mark"
        /// Something follows the document's one value.
        case trailingData = "trailing_data"
        /// A word that is not `true`, `false` or `null`.
        case invalidLiteral = "invalid_literal"
        /// A number that does not follow the grammar: a leading zero, no digit after the point …
        case invalidNumber = "invalid_number"
        /// An integer outside the range of `Int64`; rounding it would lose data silently.
        case integerOutOfRange = "integer_out_of_range"
        /// A number too large for a double.
        case numberOutOfRange = "number_out_of_range"
        /// A control character that is not escaped.
        case controlCharacter = "control_character"
        /// A backslash that begins no escape.
        case invalidEscape = "invalid_escape"
        /// Half of a surrogate pair.
        case loneSurrogate = "lone_surrogate"
        /// Bytes that are not UTF-8.
        case invalidUTF8 = "invalid_utf8"
        /// More arrays and objects inside each other than allowed.
        case tooDeep = "too_deep"
        /// A name that its object already has.
        case duplicateName = "duplicate_name"
        /// A valid value of another kind than the reader asked for.
        case typeMismatch = "type_mismatch"
    }

    /// What was wrong.
    public let reason: Reason
    /// Where: the number of bytes before the offending one, at most the length of the input.
    public let offset: Int

    /// Makes an error; readers of a schema use it for their own findings.
    public init(_ reason: Reason, at offset: Int) {
        self.reason = reason
        self.offset = offset
    }
}

extension JSONError: CustomStringConvertible {
    /// A sentence fragment for people that contains nothing of the input.
    public var description: String { "\(sentence) at byte \(offset)" }

    private var sentence: String {
        switch reason {
        case .unexpectedEnd: "unexpected end of the document"
        case .unexpectedByte: "unexpected character"
        case .byteOrderMark: "byte order mark"
        case .trailingData: "data after the document"
        case .invalidLiteral: "unknown literal"
        case .invalidNumber: "malformed number"
        case .integerOutOfRange: "integer outside the 64-bit range"
        case .numberOutOfRange: "number outside the range of a double"
        case .controlCharacter: "unescaped control character"
        case .invalidEscape: "invalid escape"
        case .loneSurrogate: "lone surrogate"
        case .invalidUTF8: "invalid UTF-8"
        case .tooDeep: "nested too deeply"
        case .duplicateName: "duplicate name"
        case .typeMismatch: "value of the wrong type"
        }
    }
}
