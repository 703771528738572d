import Secrets

/// A token of one kind, as ``SessionToken`` and ``ResearchToken`` have it: its text where it arrived, and what it is
/// found by.
struct BearerToken: Sendable, Redacted {
    let kind: TokenKind
    private let holder: any TokenText

    let lookupHash: Digest

    /// Reads the token that `holder` has, which is kept for as long as this; `nil` unless it is exactly one of that
    /// kind.
    init?(_ kind: TokenKind, _ holder: some TokenText, lookup: DerivationContext) {
        let hash = holder.withTokenText { text in
            kind.withSecret(in: text) { secret in
                // The secret has 32 bytes by construction, and only its length can be refused.
                try! Derivation.digest(of: secret, for: lookup)
            }
        }
        guard let hash else { return nil }
        self.init(kind, holder, hash)
    }

    private init(_ kind: TokenKind, _ holder: some TokenText, _ lookupHash: Digest) {
        self.kind = kind
        self.holder = holder
        self.lookupHash = lookupHash
    }

    /// The same with a copy of the text alone, which its holder may have among other things.
    func detached() -> BearerToken { BearerToken(kind, text(), lookupHash) }

    /// A copy of the text.
    func text() -> TransientBytes {
        holder.withTokenText { text in TransientBytes(count: text.count) { $0.copyMemory(from: text) } }
    }

    /// A key derived from the secret.
    func key(for context: DerivationContext) throws -> GuardedBytes {
        try holder.withTokenText { text in
            // It was a token's text when this was made, and does not change.
            try kind.withSecret(in: text) { try Derivation.key(from: $0, for: context) }!
        }
    }
}
