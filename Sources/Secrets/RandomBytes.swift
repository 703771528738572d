import CSodium

/// Bytes from the operating system's secure random source. https://doc.libsodium.org/generating_random_data
public enum RandomBytes {
    /// Fills `target`.
    public static func fill(_ target: UnsafeMutableRawBufferPointer) {
        guard let start = target.baseAddress else { return }
        randombytes_buf(start, target.count)
    }

    /// Makes `count` bytes that are no secret: a salt, a nonce, an id.
    public static func make(count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            fill(UnsafeMutableRawBufferPointer(buffer))
            initialized = count
        }
    }
}
