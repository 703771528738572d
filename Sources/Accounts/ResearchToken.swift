import Secrets

/// The secret that only the worker of a research keeps: `cof_r_` and 43 characters of base64url for 256 random bits.
///
/// As with a ``SessionToken``, one derivation finds the research's lease and another opens its seal.
public struct ResearchToken: Sendable, Redacted {
    private static let lookup = DerivationContext("coffer research lookup 1")
    private static let sealing = DerivationContext("coffer research sealing 1")

    private let holder: any TokenText

    /// What the lease is found by. It opens nothing.
    let lookupHash: Digest

    /// Makes a new random token.
    static func random() -> ResearchToken {
        ResearchToken(TokenKind.research.randomText())!
    }

    /// Reads the token that `holder` has, which is kept for as long as this; `nil` unless it is exactly one.
    public init?(_ holder: some TokenText) {
        let hash = holder.withTokenText { text in
            TokenKind.research.withSecret(in: text) { secret in
                // The secret has 32 bytes by construction, and only its length can be refused.
                try! Derivation.digest(of: secret, for: Self.lookup)
            }
        }
        guard let hash else { return nil }
        self.holder = holder
        lookupHash = hash
    }

    /// The text that goes to the client, once.
    public func text() -> TransientBytes {
        holder.withTokenText { text in TransientBytes(count: text.count) { $0.copyMemory(from: text) } }
    }

    /// The same with a copy of the text alone, which its holder may have among other things.
    func detached() -> ResearchToken { ResearchToken(text())! }

    /// What opens the lease's seal.
    func sealingKey() throws -> GuardedBytes {
        try holder.withTokenText { text in
            // It was a token's text when this was made, and does not change.
            try TokenKind.research.withSecret(in: text) { try Derivation.key(from: $0, for: Self.sealing) }!
        }
    }
}
