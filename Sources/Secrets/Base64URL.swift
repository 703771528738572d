import CSodium

/// Base64 with the URL-safe alphabet and without padding, RFC 4648 section 5, in constant time per length.
/// https://doc.libsodium.org/helpers#base64-encoding-decoding
public enum Base64URL {
    /// The number of characters that `count` bytes take.
    public static func encodedCount(of count: Int) -> Int {
        (count * 8 + 5) / 6
    }

    /// Writes the text of `source` into `target`, which has exactly ``encodedCount(of:)`` bytes.
    public static func encode(_ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) {
        precondition(target.count == encodedCount(of: source.count))
        // libsodium also writes a terminating zero, which a token has no room for.
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: target.count + 1) { text in
            sodium_bin2base64(
                text.baseAddress!, text.count, source.bindMemory(to: UInt8.self).baseAddress, source.count,
                sodium_base64_VARIANT_URLSAFE_NO_PADDING)
            target.copyMemory(from: UnsafeRawBufferPointer(text).prefix(target.count).rebased)
            UnsafeMutableRawBufferPointer(text).wipe()
        }
    }

    /// Decodes `text` into `target` and returns true if it is the one canonical text of exactly that many bytes:
    /// no padding, no white space, no stray bits. Otherwise the content of `target` is unspecified.
    ///
    /// Every request comes with a token, and libsodium's decoder takes several times as long. As there, what the text
    /// says decides over no branch and no address.
    public static func decode(_ text: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        guard text.count == encodedCount(of: target.count) else { return false }
        var faults: UInt64 = 0
        for start in stride(from: 0, to: text.count, by: 16) {
            let characters = SIMD2(characters(of: text, from: start), characters(of: text, from: start + 8))
            let (values, isDigit) = values(of: characters & ~everyTopBit)
            let isFault = (characters | ~isDigit) & everyTopBit
            let bits = joined(values)
            let first = start / 8 * 6
            faults |= isFault[0] | put(bits[0], into: target, at: first)
            faults |= isFault[1] | put(bits[1], into: target, at: first + 6)
        }
        return faults == 0
    }

    /// Eight characters, the first one in the highest byte. Where the text has ended stands `A`, which means zeros.
    private static func characters(of text: UnsafeRawBufferPointer, from start: Int) -> UInt64 {
        if text.count - start >= 8 {
            return UInt64(bigEndian: text.loadUnaligned(fromByteOffset: start, as: UInt64.self))
        }
        var characters = everywhere(UInt8(ascii: "A"))
        for position in start..<max(start, text.count) {
            characters ^= UInt64(text[position] ^ UInt8(ascii: "A")) << (56 - 8 * (position - start))
        }
        return characters
    }

    /// The six bits that each of twice eight ASCII characters means, a byte each; the top bit of a byte of `isDigit` is
    /// set where the character means any.
    private static func values(of characters: SIMD2<UInt64>) -> (values: SIMD2<UInt64>, isDigit: SIMD2<UInt64>) {
        var values = characters
        var isDigit = SIMD2<UInt64>()
        func take(_ first: Unicode.Scalar, _ last: Unicode.Scalar, as value: UInt8) {
            // A byte's sum reaches the top bit, and never the next byte, from that character on.
            let fromFirst = characters &+ everywhere(0x80 - UInt8(ascii: first))
            let afterLast = characters &+ everywhere(0x7F - UInt8(ascii: last))
            let isWithin = (fromFirst ^ afterLast) & everyTopBit
            isDigit |= isWithin
            // Modulo 64, so that no sum reaches the next byte.
            values &+= (isWithin &- isWithin &>> 7) & everywhere((value &- UInt8(ascii: first)) & 0x3F)
        }
        take("A", "Z", as: 0)
        take("a", "z", as: 26)
        take("0", "9", as: 52)
        take("-", "-", as: 62)
        take("_", "_", as: 63)
        return (values & everywhere(0x3F), isDigit)
    }

    /// Eight times six bits at the top of each word.
    private static func joined(_ values: SIMD2<UInt64>) -> SIMD2<UInt64> {
        let twelves = values & 0x003F_003F_003F_003F | values &>> 2 & 0x0FC0_0FC0_0FC0_0FC0
        let twentyFours = twelves & 0x0000_0FFF_0000_0FFF | twelves &>> 4 & 0x00FF_F000_00FF_F000
        return (twentyFours &>> 32) &<< 40 | (twentyFours & 0x00FF_FFFF) &<< 16
    }

    /// Writes the upper six bytes of a word, or as many of them as there is room for. Returns what was not written.
    private static func put(_ bits: UInt64, into target: UnsafeMutableRawBufferPointer, at first: Int) -> UInt64 {
        if first + 8 <= target.count {
            // The two bytes behind the six are written with the next word.
            target.storeBytes(of: bits.bigEndian, toByteOffset: first, as: UInt64.self)
            return 0
        }
        var bits = bits
        for position in first..<max(first, min(first + 6, target.count)) {
            target[position] = UInt8(truncatingIfNeeded: bits >> 56)
            bits <<= 8
        }
        return bits
    }

    private static let everyTopBit: UInt64 = 0x8080_8080_8080_8080

    /// A word that has `byte` in every byte.
    private static func everywhere(_ byte: UInt8) -> UInt64 {
        UInt64(byte) * 0x0101_0101_0101_0101
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
