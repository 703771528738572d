import Testing

@testable import Secrets

@Suite("Derivation")
struct DerivationTests {
    private static let lookup = DerivationContext("coffer lookup")
    private static let sealing = DerivationContext("coffer sealing")
    private let secret = [UInt8](0..<32)

    /// Computed with Python's hashlib: `blake2b(b"coffer lookup", key=bytes(range(32)), digest_size=32)`.
    @Test("is BLAKE2b of the context's label, keyed with the secret")
    func knownAnswer() throws {
        let digest = try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.lookup) }
        #expect(digest.bytes == bytes("dbe76b77c0d9dd2ee8ddc9cc32032a23bb828f1c70e7a1f28549630d33ef6ed0"))
    }

    @Test("gives unrelated values for two contexts and for two secrets")
    func separation() throws {
        let lookup = try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.lookup) }
        let sealing = try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.sealing) }
        let other = try [UInt8](1..<33).withUnsafeBytes { try Derivation.digest(of: $0, for: Self.lookup) }
        #expect(lookup != sealing)
        #expect(lookup != other)
    }

    @Test("gives a key of the same bytes as a digest of the same context")
    func keyAndDigest() throws {
        let digest = try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.sealing) }
        let key = try secret.withUnsafeBytes { try Derivation.key(from: $0, for: Self.sealing) }
        #expect(key.withUnsafeBytes { [UInt8]($0) } == digest.bytes)
    }

    @Test("refuses a wiped secret")
    func wipedSecret() throws {
        let secret = try GuardedBytes.random(count: 32)
        secret.wipe()
        #expect(throws: SecretsError.wrongLength(expected: 32, actual: 0)) {
            try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.lookup) }
        }
    }

    @Test("A digest reads back what was stored, and only 32 bytes")
    func storedDigest() throws {
        let digest = try secret.withUnsafeBytes { try Derivation.digest(of: $0, for: Self.lookup) }
        #expect(digest.bytes.withUnsafeBytes { Digest($0) } == digest)
        #expect([UInt8](0..<31).withUnsafeBytes { Digest($0) } == nil)
        #expect([UInt8](0..<33).withUnsafeBytes { Digest($0) } == nil)
    }
}
