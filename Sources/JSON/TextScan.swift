/// Finds the bytes of a text that cannot be copied blindly, eight at a time.
enum TextScan {
    /// The first byte at or after `start` that is a control character, a quote, a backslash or not ASCII; the count
    /// if none is.
    static func firstSpecial(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        first(in: text, from: start) { escapeFlags(in: $0) | $0 & highBits }
    }

    /// The first byte at or after `start` that is a control character, a quote or a backslash; the count if none is.
    static func firstEscaped(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        first(in: text, from: start, escapeFlags)
    }

    /// The first byte at or after `start` that is not ASCII; the count if none is.
    static func firstNonASCII(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        first(in: text, from: start) { $0 & highBits }
    }

    /// - Parameter flags: has the high bit of the lowest byte that is looked for, whatever is above it; 0 for a word
    ///   with none.
    @inline(__always)
    private static func first(
        in text: UnsafeRawBufferPointer, from start: Int, _ flags: (UInt64) -> UInt64
    ) -> Int {
        var offset = start
        while offset + 8 <= text.count {
            let found = flags(word(text, at: offset))
            if found != 0 { return offset + found.trailingZeroBitCount / 8 }
            offset += 8
        }
        guard offset < text.count else { return offset }
        // The last eight again, of which the first are known not to be it, or what is there, and spaces.
        let isWhole = text.count - start >= 8
        let last = isWhole ? text.count - 8 : offset
        let found = flags(isWhole ? word(text, at: last) : shortWord(text, at: offset))
        return found == 0 ? text.count : last + found.trailingZeroBitCount / 8
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

    /// Whether the whole text is UTF-8, up to `start` of which it is ASCII.
    static func isValidUTF8(_ text: UnsafeRawBufferPointer, from start: Int = 0) -> Bool {
        var offset = firstNonASCII(in: text, from: start)
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

    /// The bytes from `offset` on, fewer than eight, and spaces after them.
    private static func shortWord(_ text: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        var word = ones &* UInt64(UInt8(ascii: " "))
        for index in (offset..<text.count).reversed() { word = word << 8 | UInt64(text[index]) }
        return word
    }

    /// The high bit of the lowest byte to be escaped, with possibly wrong ones above it: a borrow only moves upward
    /// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
    private static func escapeFlags(in word: UInt64) -> UInt64 {
        let quote = word ^ (ones &* UInt64(UInt8(ascii: "\"")))
        let backslash = word ^ (ones &* UInt64(UInt8(ascii: "\\")))
        let low = (word &- ones &* 0x20) & ~word
        let equal = (quote &- ones) & ~quote | (backslash &- ones) & ~backslash
        return (low | equal) & highBits
    }
}
