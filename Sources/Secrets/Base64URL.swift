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
    public static func decode(_ text: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        guard text.count == encodedCount(of: target.count) else { return false }
        guard let start = text.baseAddress, let targetStart = target.baseAddress else { return target.isEmpty }
        // Where C's char is signed, libsodium 1.0.18 takes some bytes above 127 for digits.
        guard text.allSatisfy({ $0 < 0x80 }) else { return false }
        var count = 0
        let status = sodium_base642bin(
            targetStart.assumingMemoryBound(to: UInt8.self), target.count, start.assumingMemoryBound(to: CChar.self),
            text.count, nil, &count, nil, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        return status == 0 && count == target.count
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }
}
