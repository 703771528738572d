import Decimals

extension JSONWriter {
    /// Writes an integer.
    public mutating func write(_ value: Int64) {
        writeValue(upTo: DecimalInteger.longest) { DecimalInteger.put(value, into: $0) }
    }

    /// Writes an integer.
    public mutating func write(_ value: Int) {
        write(Int64(value))
    }

    /// Writes an integer as a string, for readers whose numbers end at 2^53.
    public mutating func write(asString value: Int64) {
        writeValue(upTo: DecimalInteger.longest + 2) { bytes in
            let end = 1 + DecimalInteger.put(value, into: bytes + 1)
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
            writeValue(upTo: digits.count) {
                $0.update(from: digits.baseAddress!, count: digits.count)
                return digits.count
            }
        }
    }

    /// Writes a number of thousandths, 0 or more, exactly, in the form of a double: with a digit after the point at
    /// least, and no zero at the end beside that.
    public mutating func write(thousandths value: Int64) {
        precondition(value >= 0)
        writeValue(upTo: DecimalInteger.longest + 1) { bytes in
            var end = DecimalInteger.put(value / 1000, into: bytes)
            bytes[end] = UInt8(ascii: ".")
            var rest = UInt16(value % 1000)
            repeat {
                end += 1
                bytes[end] = UInt8(ascii: "0") + UInt8(rest / 100)
                rest = rest % 100 * 10
            } while rest > 0
            return end + 1
        }
    }
}
