extension JSONWriter {
    /// Writes an integer.
    public mutating func write(_ value: Int64) {
        writeValue(upTo: Self.longestInteger) { Self.put(value, into: $0) }
    }

    /// Writes an integer.
    public mutating func write(_ value: Int) {
        write(Int64(value))
    }

    /// Writes an integer as a string, for readers whose numbers end at 2^53.
    public mutating func write(asString value: Int64) {
        writeValue(upTo: Self.longestInteger + 2) { bytes in
            let end = 1 + Self.put(value, into: UnsafeMutableBufferPointer(rebasing: bytes[1...]))
            bytes[0] = UInt8(ascii: "\"")
            bytes[end] = UInt8(ascii: "\"")
            return end + 1
        }
    }

    /// Writes a double with the fewest digits that read back as the same double, always with a fraction or an exponent.
    /// An infinity and a NaN have no form in JSON: they become `null`, so a caller that must keep them checks first.
    public mutating func write(_ value: Double) {
        guard value.isFinite else { return writeNull() }
        var text = value.description
        text.withUTF8 { digits in
            writeValue(upTo: digits.count) { $0.update(fromContentsOf: digits) }
        }
    }

    /// The bytes of `Int64.min`.
    private static let longestInteger = 20

    /// Puts the decimal form at the beginning of `bytes`, which has room for the longest, and returns its length.
    private static func put(_ value: Int64, into bytes: UnsafeMutableBufferPointer<UInt8>) -> Int {
        var first = longestInteger
        var rest = value.magnitude
        repeat {
            let quotient = rest / 10
            first -= 1
            bytes[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest &- quotient &* 10)
            rest = quotient
        } while rest > 0
        if value < 0 {
            first -= 1
            bytes[first] = UInt8(ascii: "-")
        }
        let length = longestInteger - first
        for index in 0..<length { bytes[index] = bytes[first + index] }
        return length
    }
}
