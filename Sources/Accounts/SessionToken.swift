import Secrets

/// The secret that only the client of a session keeps: `cof_s_` and 43 characters of base64url for 256 random bits.
///
/// The server stores neither it nor the key derived from it; it finds the session by one derivation and opens the
/// session's seal with another.
public struct SessionToken: Sendable, Redacted {
    private static let lookup = DerivationContext("coffer session lookup 1")
    private static let sealing = DerivationContext("coffer session sealing 1")

    private let secret: TransientBytes

    /// Makes a new random token.
    public static func random() -> SessionToken {
        SessionToken(secret: TransientBytes(count: TokenKind.secretCount) { RandomBytes.fill($0) })
    }

    private init(secret: TransientBytes) {
        self.secret = secret
    }

    /// Reads a token's text; `nil` unless it is exactly that. The text stays the caller's to wipe.
    public init?(parsing text: UnsafeRawBufferPointer) {
        guard let secret = TokenKind.session.secret(in: text) else { return nil }
        self.secret = secret
    }

    /// Reads a token out of a header's value.
    public init?(parsing text: some StringProtocol) {
        var text = String(text)
        let secret = text.withUTF8 { TokenKind.session.secret(in: UnsafeRawBufferPointer($0)) }
        guard let secret else { return nil }
        self.secret = secret
    }

    /// The text that goes to the client, once.
    public func text() -> TransientBytes {
        TokenKind.session.text(for: secret)
    }

    /// What the session is found by. It opens nothing.
    var lookupHash: Digest {
        secret.withUnsafeBytes { secret in
            // The secret has 32 bytes by construction, and only its length can be refused.
            try! Derivation.digest(of: secret, for: Self.lookup)
        }
    }

    /// What opens the session's seal.
    func sealingKey() throws -> GuardedBytes {
        try secret.withUnsafeBytes { try Derivation.key(from: $0, for: Self.sealing) }
    }
}
