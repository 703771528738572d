/// Whole numbers as decimal digits, written straight into memory.
public enum DecimalInteger {
    /// The most bytes that one takes, which are those of `Int64.min`.
    @inlinable public static var longest: Int { 20 }

    /// Puts the decimal form at the beginning of `bytes`, which has room for it, and returns its length.
    @inlinable
    @inline(__always)
    public static func put(_ value: Int64, into bytes: UnsafeMutablePointer<UInt8>) -> Int {
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

    @inlinable
    static func digitCount(of value: UInt64) -> Int {
        var count = 1
        var rest = value
        while rest >= 10_000 {
            rest /= 10_000
            count += 4
        }
        return count + (rest >= 1000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
    }

    @inlinable
    static func putPair(_ value: Int, into bytes: UnsafeMutablePointer<UInt8>) {
        bytes.update(from: pairs.utf8Start + 2 * value, count: 2)
    }

    /// The numbers below 100, two digits each.
    @inlinable static var pairs: StaticString {
        """
        0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
        5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899
        """
    }
}
