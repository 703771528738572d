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
            let end = 1 + Self.put(value, into: bytes + 1)
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

    /// Writes a number of thousandths, 0 or more, as a double that is so many would be written: with a digit after the
    /// point at least, and no zero at the end beside that.
    public mutating func write(thousandths value: Int64) {
        precondition(value >= 0)
        writeValue(upTo: Self.longestInteger + 1) { bytes in
            var end = Self.put(value / 1000, into: bytes)
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

    /// The bytes of `Int64.min`.
    private static let longestInteger = 20

    /// Puts the decimal form at the beginning of `bytes`, which has room for it, and returns its length.
    @inline(__always)
    private static func put(_ value: Int64, into bytes: UnsafeMutablePointer<UInt8>) -> Int {
        var rest = value.magnitude
        var end = digitCount(of: rest)
        if value < 0 {
            bytes[0] = UInt8(ascii: "-")
            end += 1
        }
        let length = end
        while rest >= 100 {
            let quotient = rest / 100
            end -= 2
            putPair(Int(truncatingIfNeeded: rest &- quotient &* 100), into: bytes + end)
            rest = quotient
        }
        if rest >= 10 {
            putPair(Int(truncatingIfNeeded: rest), into: bytes + (end - 2))
        } else {
            bytes[end - 1] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest)
        }
        return length
    }

    private static func digitCount(of value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        return count + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    private static func putPair(_ value: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        bytes.update(from: pairs.utf8Start + 2 * value, count: 2)
    }

    /// The numbers below 100, two digits each.
    private static let pairs: StaticString = """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
}
