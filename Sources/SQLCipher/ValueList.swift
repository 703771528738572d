/// Values in their order. As many as most statements take lie in the list itself, without memory of their own.
public struct ValueList: Sendable {
    private var first = InlineArray<4, Value>(repeating: .null)
    private var rest: [Value] = []

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
        if count < first.count { first[count] = value } else { rest.append(value) }
        count += 1
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
        return index < first.count ? first[index] : rest[index - first.count]
    }
}

extension ValueList: ExpressibleByArrayLiteral {
    /// Makes a list of these values.
    public init(arrayLiteral values: Value...) { self.init(values) }
}
