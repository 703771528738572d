import CSodium

/// XChaCha20-Poly1305 with a nonce that the caller chooses. https://datatracker.ietf.org/doc/draft-irtf-cfrg-xchacha/
enum AEAD {
    private static let keyCount = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
    private static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// The ciphertext followed by its tag. `nonce` has 24 bytes and is never used twice with one key.
    static func encrypt(
        _ plaintext: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, nonce: [UInt8], associatedData: [UInt8]
    ) throws(SecretsError) -> [UInt8] {
        guard key.count == keyCount else { throw .wrongLength(expected: keyCount, actual: key.count) }
        return [UInt8](unsafeUninitializedCapacity: plaintext.count + tagCount) { output, initialized in
            crypto_aead_xchacha20poly1305_ietf_encrypt(
                output.baseAddress!, nil, plaintext.bindMemory(to: UInt8.self).baseAddress, UInt64(plaintext.count),
                associatedData, UInt64(associatedData.count), nil, nonce, key.bindMemory(to: UInt8.self).baseAddress!)
            initialized = plaintext.count + tagCount
        }
    }

    /// Writes the plaintext into `plaintext`, which is `tagCount` bytes shorter than `ciphertext`.
    static func decrypt(
        _ ciphertext: [UInt8], key: UnsafeRawBufferPointer, nonce: [UInt8], associatedData: [UInt8],
        into plaintext: UnsafeMutableRawBufferPointer
    ) throws(SecretsError) {
        guard key.count == keyCount else { throw .wrongLength(expected: keyCount, actual: key.count) }
        precondition(plaintext.count + tagCount == ciphertext.count)
        let status = crypto_aead_xchacha20poly1305_ietf_decrypt(
            plaintext.bindMemory(to: UInt8.self).baseAddress, nil, nil, ciphertext, UInt64(ciphertext.count),
            associatedData, UInt64(associatedData.count), nonce, key.bindMemory(to: UInt8.self).baseAddress!)
        guard status == 0 else { throw .sealRefused }
    }
}
