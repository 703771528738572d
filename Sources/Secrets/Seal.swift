import CSodium

/// What a seal belongs to. A seal opens only with the very context that it was made with, so that one cannot be moved
/// to another user, record or purpose.
public struct SealContext: Equatable, Sendable {
    /// The associated data: each part after its length, so that no two contexts share an encoding.
    let associatedData: [UInt8]

    /// Names the purpose of the sealed key, its user, and the record that keeps the seal.
    public init(purpose: String, user: String, record: String) {
        var encoded: [UInt8] = []
        for part in [purpose, user, record] {
            withUnsafeBytes(of: UInt32(part.utf8.count).bigEndian) { encoded.append(contentsOf: $0) }
            encoded.append(contentsOf: part.utf8)
        }
        associatedData = encoded
    }
}

/// A key encrypted and authenticated under another one with XChaCha20-Poly1305.
/// https://doc.libsodium.org/secret-key_cryptography/aead/chacha20-poly1305/xchacha20-poly1305_construction
///
/// Its bytes are the version 1, a random 24-byte nonce, the ciphertext and its 16-byte tag. They are safe to store.
public struct Seal: Hashable, Sendable {
    private static let version: UInt8 = 1
    private static let nonceCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    private static let tagCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)

    /// The stored form.
    public let bytes: [UInt8]

    /// Takes a stored form; whether it is one shows when it is opened.
    public init(stored bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// Seals `secret` under a 32-byte key.
    public init(_ secret: GuardedBytes, under key: GuardedBytes, context: SealContext) throws(SecretsError) {
        let nonce = RandomBytes.make(count: Self.nonceCount)
        let ciphertext = try secret.withUnsafeBytes { (secret) throws(SecretsError) in
            try key.withUnsafeBytes { (key) throws(SecretsError) in
                try AEAD.encrypt(secret, key: key, nonce: nonce, associatedData: context.associatedData)
            }
        }
        bytes = [Self.version] + nonce + ciphertext
    }

    /// Opens the seal; throws ``SecretsError/sealRefused`` for any other key, context or content than it was made with.
    public func open(with key: GuardedBytes, context: SealContext) throws -> GuardedBytes {
        guard let version = bytes.first else { throw SecretsError.sealRefused }
        guard version == Self.version else { throw SecretsError.unknownSealVersion(version) }
        guard bytes.count >= 1 + Self.nonceCount + Self.tagCount else { throw SecretsError.sealRefused }
        let nonce = [UInt8](bytes[1..<(1 + Self.nonceCount)])
        let ciphertext = [UInt8](bytes[(1 + Self.nonceCount)...])
        return try GuardedBytes(count: ciphertext.count - Self.tagCount) { (secret) throws(SecretsError) in
            try key.withUnsafeBytes { (key) throws(SecretsError) in
                try AEAD.decrypt(
                    ciphertext, key: key, nonce: nonce, associatedData: context.associatedData, into: secret)
            }
        }
    }
}
