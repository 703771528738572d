import Secrets

/// The secret that only the client of a session keeps: `cof_s_` and 43 characters of base64url for 256 random bits.
///
/// The server stores neither it nor the key derived from it; it finds the session by one derivation and opens the
/// session's seal with another.
public struct SessionToken: Sendable, Redacted {
    private static let lookup = DerivationContext("coffer session lookup 1")
    private static let sealing = DerivationContext("coffer session sealing 1")

    let token: BearerToken

    /// What the session is found by. It opens nothing.
    var lookupHash: Digest { token.lookupHash }

    /// Makes a new random token.
    public static func random() -> SessionToken {
        SessionToken(TokenKind.session.randomText())!
    }

    /// Reads the token that `holder` has, which is kept for as long as this; `nil` unless it is exactly one.
    public init?(_ holder: some TokenText) {
        guard let token = BearerToken(.session, holder, lookup: Self.lookup) else { return nil }
        self.token = token
    }

    /// A token that has been read as one of this kind.
    init(_ token: BearerToken) {
        precondition(token.kind == .session, "a token of another kind")
        self.token = token
    }

    /// The text that goes to the client, once.
    public func text() -> TransientBytes { token.text() }

    /// What opens the session's seal.
    func sealingKey() throws -> GuardedBytes { try token.key(for: Self.sealing) }
}
