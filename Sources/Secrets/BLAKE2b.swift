import CSodium

/// The keyed hash of RFC 7693, https://doc.libsodium.org/hashing/generic_hashing
enum BLAKE2b {
    /// Writes the hash of `message` under `key` (16 to 64 bytes) into `output` (16 to 64 bytes).
    static func hash(
        _ message: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(SecretsError) {
        guard (16...64).contains(key.count) else { throw .wrongLength(expected: 32, actual: key.count) }
        guard (16...64).contains(output.count) else { throw .wrongLength(expected: 32, actual: output.count) }
        let status = crypto_generichash(
            output.bindMemory(to: UInt8.self).baseAddress!, output.count,
            message.bindMemory(to: UInt8.self).baseAddress, UInt64(message.count),
            key.bindMemory(to: UInt8.self).baseAddress!, key.count)
        precondition(status == 0, "BLAKE2b refused lengths within its range")
    }
}
