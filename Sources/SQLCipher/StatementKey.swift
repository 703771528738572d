import Glibc

/// The text that a statement was compiled from, by its bytes: Swift's `==` on strings takes canonically equivalent
/// texts for equal, SQLite does not.
struct StatementKey {
    /// Tells most other texts apart, so that theirs need not be looked at.
    let fingerprint: UInt64
    let text: [UInt8]

    init(_ text: UnsafeBufferPointer<UInt8>) {
        fingerprint = Self.fingerprint(of: text)
        self.text = Array(text)
    }

    func isText(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        text.count == other.count && (text.isEmpty || memcmp(text, other.baseAddress!, other.count) == 0)
    }

    /// The length, and all bytes, eight at a time. It need not resist anybody: who makes equal ones makes their own
    /// statements slower.
    static func fingerprint(of text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        let text = UnsafeRawBufferPointer(text)
        var fingerprint = UInt64(text.count)
        var offset = 0
        while offset + 8 <= text.count {
            fingerprint = (fingerprint ^ text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* multiplier
            offset += 8
        }
        for byte in text[offset...] { fingerprint = (fingerprint ^ UInt64(byte)) &* multiplier }
        return fingerprint
    }

    /// 2^64 divided by the golden ratio, odd.
    private static let multiplier: UInt64 = 0x9E37_79B9_7F4A_7C15
}
