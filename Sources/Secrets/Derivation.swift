/// What a derived value is for. Two contexts give values that say nothing about each other.
public struct DerivationContext: Sendable {
    let label: StaticString

    /// Names a use; the label is part of the stored format and never changes.
    public init(_ label: StaticString) {
        self.label = label
    }
}

/// Values derived from a secret of full entropy (16 to 64 bytes) by BLAKE2b keyed with it. Not for passwords: those
/// go through ``PasswordHash``.
public enum Derivation {
    /// Derives 32 bytes that may be stored and compared in the open, such as the hash that a token is looked up by.
    public static func digest(
        of secret: UnsafeRawBufferPointer, for context: DerivationContext
    ) throws(SecretsError) -> Digest {
        var digest = Digest()
        try digest.withUnsafeMutableBytes { (output) throws(SecretsError) in
            try derive(from: secret, for: context, into: output)
        }
        return digest
    }

    /// Derives a 32-byte key.
    public static func key(from secret: UnsafeRawBufferPointer, for context: DerivationContext) throws -> GuardedBytes {
        try GuardedBytes(count: 32) { (output) throws(SecretsError) in
            try derive(from: secret, for: context, into: output)
        }
    }

    private static func derive(
        from secret: UnsafeRawBufferPointer, for context: DerivationContext, into output: UnsafeMutableRawBufferPointer
    ) throws(SecretsError) {
        let label = UnsafeRawBufferPointer(start: context.label.utf8Start, count: context.label.utf8CodeUnitCount)
        try BLAKE2b.hash(label, key: secret, into: output)
    }
}
