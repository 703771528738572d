/// Values in their order. A few numbers, as most statements take them, lie in the list itself, without memory of their
/// own.
public struct ValueList: Sendable {
    /// What is copied without counting references.
    private enum Scalar {
        case null
        case integer(Int64)
        case real(Double)
    }

    /// The values, as long as they are so few and none is of another kind.
    private var scalars = InlineArray<4, Scalar>(repeating: .null)
    /// All of them otherwise.
    private var values: [Value] = []

    /// How many there are.
    public private(set) var count = 0

    /// Makes a list of none.
    public init() {}

    /// Makes a list of the same values.
    public init(_ values: [Value]) {
        for value in values { append(value) }
    }

    /// Adds one at the end.
    public mutating func append(_ value: Value) {
        if values.isEmpty, count < scalars.count, let scalar = Self.scalar(value) {
            scalars[count] = scalar
        } else {
            if values.isEmpty { values = Array(self) }
            values.append(value)
        }
        count += 1
    }

    private static func scalar(_ value: Value) -> Scalar? {
        switch value {
        case .null: .null
        case .integer(let integer): .integer(integer)
        case .real(let real): .real(real)
        case .text, .textBytes, .blob: nil
        }
    }
}

extension ValueList: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }

    /// Their number.
    public var endIndex: Int { count }

    /// One of the values.
    public subscript(index: Int) -> Value {
        precondition(index < count, "there is no such value")
        guard values.isEmpty else { return values[index] }
        switch scalars[index] {
        case .null: return .null
        case .integer(let integer): return .integer(integer)
        case .real(let real): return .real(real)
        }
    }
}

extension ValueList: ExpressibleByArrayLiteral {
    /// Makes a list of these values.
    public init(arrayLiteral values: Value...) { self.init(values) }
}
