extension JSONWriter {
    /// Writes an integer.
    public mutating func write(_ value: Int64) {
        separate()
        appendDigits(of: value)
    }

    /// Writes an integer.
    public mutating func write(_ value: Int) {
        write(Int64(value))
    }

    /// Writes an integer as a string, for readers whose numbers end at 2^53.
    public mutating func write(asString value: Int64) {
        separate()
        buffer.append(UInt8(ascii: "\""))
        appendDigits(of: value)
        buffer.append(UInt8(ascii: "\""))
    }

    /// Writes a double with the fewest digits that read back as the same double, always with a fraction or an exponent.
    /// An infinity and a NaN have no form in JSON: they become `null`, so a caller that must keep them checks first.
    public mutating func write(_ value: Double) {
        guard value.isFinite else { return writeNull() }
        separate()
        var text = value.description
        text.withUTF8 { buffer.append(contentsOf: UnsafeRawBufferPointer($0)) }
    }

    private mutating func appendDigits(of value: Int64) {
        if value < 0 { buffer.append(UInt8(ascii: "-")) }
        let count = Self.digitCount(of: value.magnitude)
        let start = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: count))
        var rest = value.magnitude
        for index in stride(from: start + count - 1, through: start, by: -1) {
            let quotient = rest / 10
            buffer[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest - quotient * 10)
            rest = quotient
        }
    }

    private static func digitCount(of magnitude: UInt64) -> Int {
        var count = 1
        var rest = magnitude
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
