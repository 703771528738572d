/// A value of one of SQLite's storage classes, owned. See https://www.sqlite.org/datatype3.html.
public enum Value: Hashable, Sendable {
    /// `NULL`
    case null
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A double. SQLite stores NaN as `NULL`.
    case real(Double)
    /// Text; may contain U+0000.
    case text(String)
    /// Text in bytes that are no valid UTF-8, which SQLite stores as they are.
    case textBytes([UInt8])
    /// Bytes; none is not `NULL`.
    case blob([UInt8])
}

extension Value: ExpressibleByNilLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByStringLiteral
{
    /// `NULL`
    public init(nilLiteral: ()) { self = .null }

    /// An integer.
    public init(integerLiteral value: Int64) { self = .integer(value) }

    /// A double.
    public init(floatLiteral value: Double) { self = .real(value) }

    /// Text.
    public init(stringLiteral value: String) { self = .text(value) }
}

/// A value in the memory of the statement that produced it: nothing is copied.
///
/// The bytes are valid until the statement is stepped, reset or finished.
public enum ColumnValue {
    /// `NULL`
    case null
    /// A signed 64-bit integer.
    case integer(Int64)
    /// A double, never NaN.
    case real(Double)
    /// The bytes of a text, which need not be valid UTF-8. Never a nil base address.
    case text(UnsafeRawBufferPointer)
    /// The bytes of a blob. The base address of an empty one is nil.
    case blob(UnsafeRawBufferPointer)
}

extension Value {
    /// A copy of a column's value: ``textBytes(_:)`` if a text is no valid UTF-8.
    public init(_ column: ColumnValue) {
        switch column {
        case .null: self = .null
        case .integer(let value): self = .integer(value)
        case .real(let value): self = .real(value)
        case .blob(let bytes): self = .blob(Array(bytes))
        case .text(let bytes):
            if let text = String(validating: bytes, as: UTF8.self) {
                self = .text(text)
            } else {
                self = .textBytes(Array(bytes))
            }
        }
    }
}
