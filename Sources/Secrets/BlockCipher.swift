import CSodium

/// Encrypts the blocks of something that ends with the process, under a random key that is nowhere but in its memory.
///
/// Each writing of a block has a nonce of its own, so that two versions of a block tell nothing about each other; and a
/// block opens only under its own number. XChaCha20-Poly1305, whose nonces may be random:
/// https://doc.libsodium.org/secret-key_cryptography/aead/chacha20-poly1305/xchacha20-poly1305_construction
public final class BlockCipher: Sendable {
    private static let nonceCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// What a sealed block has more than the block, in bytes.
    public static let overhead = nonceCount + tagCount

    private let key: GuardedBytes

    /// Makes a cipher with a new key, which goes with it.
    public init() throws {
        key = try .random(count: Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES))
    }

    /// Writes the nonce, the ciphertext and its tag into `sealed`, which has ``overhead`` bytes more than `block`.
    public func seal(_ block: UnsafeRawBufferPointer, number: UInt64, into sealed: UnsafeMutableRawBufferPointer) {
        precondition(sealed.count == block.count + Self.overhead, "a sealed block has its overhead more")
        let nonce = UnsafeMutableRawBufferPointer(rebasing: sealed[..<Self.nonceCount])
        RandomBytes.fill(nonce)
        key.withUnsafeBytes { key in
            withUnsafeBytes(of: number) { number in
                _ = crypto_aead_xchacha20poly1305_ietf_encrypt(
                    sealed.baseAddress!.assumingMemoryBound(to: UInt8.self) + Self.nonceCount, nil,
                    block.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt64(block.count),
                    number.baseAddress!.assumingMemoryBound(to: UInt8.self), UInt64(number.count), nil,
                    nonce.baseAddress!.assumingMemoryBound(to: UInt8.self),
                    key.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
    }

    /// Writes the plaintext into `block`; throws ``SecretsError/sealRefused`` for anything but what was sealed with
    /// this number.
    public func open(
        _ sealed: UnsafeRawBufferPointer, number: UInt64, into block: UnsafeMutableRawBufferPointer
    ) throws(SecretsError) {
        precondition(sealed.count == block.count + Self.overhead, "a sealed block has its overhead more")
        let bytes = sealed.baseAddress!.assumingMemoryBound(to: UInt8.self)
        let status = key.withUnsafeBytes { key in
            withUnsafeBytes(of: number) { number in
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    block.baseAddress!.assumingMemoryBound(to: UInt8.self), nil, nil, bytes + Self.nonceCount,
                    UInt64(sealed.count - Self.nonceCount), number.baseAddress!.assumingMemoryBound(to: UInt8.self),
                    UInt64(number.count), bytes, key.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
        }
        guard status == 0 else { throw .sealRefused }
    }
}
