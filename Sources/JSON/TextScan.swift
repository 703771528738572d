/// Finds the bytes of a text that cannot be copied blindly, eight at a time.
enum TextScan {
    /// The first byte at or after `start` that is a control character, a quote, a backslash or not ASCII; the count
    /// if none is.
    static func firstSpecial(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset + 8 <= text.count {
            let flags = specialFlags(in: word(text, at: offset))
            if flags != 0 { return offset + flags.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < text.count, !isSpecial(text[offset]) { offset += 1 }
        return offset
    }

    /// The first byte at or after `start` that is not ASCII; the count if none is.
    static func firstNonASCII(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var offset = start
        while offset + 8 <= text.count {
            let flags = word(text, at: offset) & highBits
            if flags != 0 { return offset + flags.trailingZeroBitCount / 8 }
            offset += 8
        }
        while offset < text.count, text[offset] < 0x80 { offset += 1 }
        return offset
    }

    /// The length of the well-formed sequence of two to four bytes at `offset`, or 0: table 3-7 of
    /// https://www.unicode.org/versions/Unicode16.0.0/core-spec/chapter-3/, so without surrogates and overlong forms.
    static func multibyteLength(in text: UnsafeRawBufferPointer, at offset: Int) -> Int {
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch text[offset] {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: return 0
        }
        guard offset + length <= text.count, second.contains(text[offset + 1]) else { return 0 }
        for index in offset + 2..<offset + length where text[index] & 0xC0 != 0x80 { return 0 }
        return length
    }

    /// Whether the whole text is UTF-8.
    static func isValidUTF8(_ text: UnsafeRawBufferPointer) -> Bool {
        var offset = firstNonASCII(in: text, from: 0)
        while offset < text.count {
            let length = multibyteLength(in: text, at: offset)
            guard length > 0 else { return false }
            offset += length
            if offset < text.count, text[offset] < 0x80 { offset = firstNonASCII(in: text, from: offset) }
        }
        return true
    }

    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highBits: UInt64 = 0x8080_8080_8080_8080

    /// Eight bytes with the first in the lowest place.
    private static func word(_ text: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(littleEndian: text.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The high bit of the lowest special byte, with possibly wrong ones above it: a borrow only moves upward
    /// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
    private static func specialFlags(in word: UInt64) -> UInt64 {
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let low = (word &- ones &* 0x20) & ~word
        let equal = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return (low | equal | word) & highBits
    }

    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte >= 0x80 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }
}
