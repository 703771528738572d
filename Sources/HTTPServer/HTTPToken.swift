import Glibc

/// The bytes that method names and header names are made of (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
enum HTTPToken {
    // A bit for each such byte: from 0 to 63, and from 64 to 127.
    private static let low: UInt64 = 0x03FF_6CFA_0000_0000
    private static let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE

    static func contains(_ byte: UInt8) -> Bool {
        guard byte < 128 else { return false }
        return (byte < 64 ? low : high) &>> UInt64(byte) & 1 == 1
    }
}

extension UInt8 {
    /// The byte with ASCII letters in lower case.
    var asciiLowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}

extension Sequence<UInt8> {
    /// Whether the bytes are those of `text`, letters compared without their case.
    func equalsIgnoringCase(_ text: String) -> Bool {
        elementsEqual(text.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of `text`, ASCII letters compared without their case.
    public func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        guard let baseAddress else { return true }
        // Most clients write names as the RFCs do.
        if memcmp(baseAddress, text.utf8Start, count) == 0 { return true }
        for index in 0..<count where self[index].asciiLowercased != text.utf8Start[index].asciiLowercased {
            return false
        }
        return true
    }

    /// Whether there are bytes, and they make a token.
    var isToken: Bool {
        var position = 0
        while position < count {
            // The last eight again, where fewer are left.
            let start = Swift.min(position, count - 8)
            if start >= 0, loadUnaligned(fromByteOffset: start, as: UInt64.self).isLettersAndHyphens {
                position = start + 8
            } else {
                guard HTTPToken.contains(self[position]) else { return false }
                position += 1
            }
        }
        return !isEmpty
    }

    /// Whether there is no control character but tabs among the bytes.
    var isPlainLine: Bool {
        var position = 0
        while position < count {
            if count - position >= 8, !loadUnaligned(fromByteOffset: position, as: UInt64.self).mayHaveControlByte {
                position += 8
                continue
            }
            let byte = self[position]
            guard byte >= 0x20 && byte != 0x7F || byte == UInt8(ascii: "\t") else { return false }
            position += 1
        }
        return true
    }
}

extension UInt64 {
    /// Whether each of the eight bytes is an ASCII letter or a hyphen, as in most names.
    fileprivate var isLettersAndHyphens: Bool {
        // No sum of two bytes below 0x80 reaches the next byte.
        let ascii = self & 0x7F7F_7F7F_7F7F_7F7F
        let lowercased = ascii | 0x2020_2020_2020_2020
        let areLetters = (lowercased &+ 0x1F1F_1F1F_1F1F_1F1F) & ~(lowercased &+ 0x0505_0505_0505_0505)
        let areHyphens = ~((ascii ^ 0x2D2D_2D2D_2D2D_2D2D) &+ 0x7F7F_7F7F_7F7F_7F7F)
        return ((areLetters | areHyphens) & ~self) & 0x8080_8080_8080_8080 == 0x8080_8080_8080_8080
    }

    /// Whether one of the eight bytes is below 0x20 or is 0x7F
    /// (https://graphics.stanford.edu/~seander/bithacks.html#HasLessInWord).
    fileprivate var mayHaveControlByte: Bool {
        let deletes = self ^ 0x7F7F_7F7F_7F7F_7F7F
        let hits = ((self &- 0x2020_2020_2020_2020) & ~self) | ((deletes &- 0x0101_0101_0101_0101) & ~deletes)
        return (hits & 0x8080_8080_8080_8080) != 0
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a C string without its terminator.
    init(cString: UnsafePointer<CChar>) {
        self.init(start: UnsafeRawPointer(cString).assumingMemoryBound(to: UInt8.self), count: strlen(cString))
    }
}
