import Secrets

/// The secret that only the worker of a research keeps: `cof_r_` and 43 characters of base64url for 256 random bits.
///
/// As with a ``SessionToken``, one derivation finds the research's lease and another opens its seal.
public struct ResearchToken: Sendable, Redacted {
    private static let lookup = DerivationContext("coffer research lookup 1")
    private static let sealing = DerivationContext("coffer research sealing 1")

    let token: BearerToken

    /// What the lease is found by. It opens nothing.
    var lookupHash: Digest { token.lookupHash }

    /// Makes a new random token.
    static func random() -> ResearchToken {
        ResearchToken(TokenKind.research.randomText())!
    }

    /// Reads the token that `holder` has, which is kept for as long as this; `nil` unless it is exactly one.
    public init?(_ holder: some TokenText) {
        guard let token = BearerToken(.research, holder, lookup: Self.lookup) else { return nil }
        self.token = token
    }

    /// A token that has been read as one of this kind.
    init(_ token: BearerToken) {
        precondition(token.kind == .research, "a token of another kind")
        self.token = token
    }

    /// The text that goes to the client, once.
    public func text() -> TransientBytes { token.text() }

    /// What opens the lease's seal.
    func sealingKey() throws -> GuardedBytes { try token.key(for: Self.sealing) }
}
