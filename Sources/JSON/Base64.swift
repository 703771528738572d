/// Base64 in the standard alphabet (https://www.rfc-editor.org/rfc/rfc4648#section-4).
public enum Base64 {
    /// The bytes that `text` encodes, padded or not; `nil` when it is not base64. Line breaks, and bits that are set
    /// in the unused part of the last digit, are refused.
    public static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard let digits = digitCount(of: text) else { return nil }
        var accumulator: UInt32 = 0
        var bits = 0
        var result: [UInt8] = []
        result.reserveCapacity(digits * 6 / 8)
        for index in 0..<digits {
            guard let value = value(of: text[index]) else { return nil }
            accumulator = accumulator << 6 | value
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            result.append(UInt8(truncatingIfNeeded: accumulator >> UInt32(bits)))
            accumulator &= (1 << UInt32(bits)) - 1
        }
        return accumulator == 0 ? result : nil
    }

    /// Bytes that the encoding of `count` bytes takes.
    static func encodedCount(of count: Int, padded: Bool) -> Int {
        padded ? (count + 2) / 3 * 4 : (count * 4 + 2) / 3
    }

    /// Puts the encoding of `bytes` at the beginning of `target` and returns its length.
    static func put(_ bytes: UnsafeRawBufferPointer, padded: Bool, into target: UnsafeMutablePointer<UInt8>) -> Int {
        let alphabet = alphabet.utf8Start
        var written = 0
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let length = min(3, bytes.count - start)
            var group = UInt32(bytes[start]) << 16
            if length > 1 { group |= UInt32(bytes[start + 1]) << 8 }
            if length > 2 { group |= UInt32(bytes[start + 2]) }
            for digit in 0..<4 where digit <= length || padded {
                let value = Int(group >> UInt32(18 - 6 * digit)) & 0x3F
                target[written] = digit <= length ? alphabet[value] : UInt8(ascii: "=")
                written += 1
            }
        }
        return written
    }

    private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

    /// How many digits come before the padding, if their number and the padding's fit each other.
    private static func digitCount(of text: UnsafeRawBufferPointer) -> Int? {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        let padding = text.count - count
        guard count % 4 != 1, padding == 0 || text.count % 4 == 0 else { return nil }
        return count
    }

    private static func value(of digit: UInt8) -> UInt32? {
        switch digit {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a") + 26)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0") + 52)
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}

extension JSONWriter {
    /// Writes bytes as a string of base64.
    public mutating func write(base64 bytes: UnsafeRawBufferPointer, padded: Bool = true) {
        writeValue(upTo: Base64.encodedCount(of: bytes.count, padded: padded) + 2) { target in
            let count = Base64.put(bytes, padded: padded, into: target + 1)
            target[0] = UInt8(ascii: "\"")
            target[count + 1] = UInt8(ascii: "\"")
            return count + 2
        }
    }
}
