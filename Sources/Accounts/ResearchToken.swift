import Secrets

/// The secret that only the worker of a research keeps: `cof_r_` and 43 characters of base64url for 256 random bits.
///
/// As with a ``SessionToken``, one derivation finds the research's lease and another opens its seal.
public struct ResearchToken: Sendable, Redacted {
    private static let lookup = DerivationContext("coffer research lookup 1")
    private static let sealing = DerivationContext("coffer research sealing 1")

    private let secret: TransientBytes

    /// Makes a new random token.
    static func random() -> ResearchToken {
        ResearchToken(secret: TransientBytes(count: TokenKind.secretCount) { RandomBytes.fill($0) })
    }

    private init(secret: TransientBytes) {
        self.secret = secret
    }

    /// Reads a token's text; `nil` unless it is exactly that. The text stays the caller's to wipe.
    public init?(parsing text: UnsafeRawBufferPointer) {
        guard let secret = TokenKind.research.secret(in: text) else { return nil }
        self.secret = secret
    }

    /// The text that goes to the client, once.
    public func text() -> TransientBytes {
        TokenKind.research.text(for: secret)
    }

    /// What the lease is found by. It opens nothing.
    var lookupHash: Digest {
        secret.withUnsafeBytes { secret in
            // The secret has 32 bytes by construction, and only its length can be refused.
            try! Derivation.digest(of: secret, for: Self.lookup)
        }
    }

    /// What opens the lease's seal.
    func sealingKey() throws -> GuardedBytes {
        try secret.withUnsafeBytes { try Derivation.key(from: $0, for: Self.sealing) }
    }
}
