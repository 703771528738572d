import Accounts
import HTTPServer
import Secrets
import UserEngines

/// Finds out who makes a request, from its `Authorization: Bearer` token (RFC 6750).
struct Authentication: Sendable {
    let accounts: Accounts

    /// The live session whose token the request carries; 401 `invalid_token` without one.
    func session(of request: Request) throws -> Caller {
        guard let header = request.header("Authorization"),
            let credentials = BearerCredentials(header),
            let token = SessionToken(parsing: credentials.token)
        else { throw AccountError.invalidToken }
        return Caller(session: try accounts.authenticate(token), token: token, accounts: accounts)
    }
}

/// A session that has proved itself, with the token that opens its user's key.
struct Caller: Sendable {
    let session: Session
    let token: SessionToken
    let accounts: Accounts

    var user: UserID { session.userID }

    /// The data key of the user's database; asked for only when the engine has to be opened.
    func dataKey() async throws -> GuardedBytes {
        try await accounts.dataKey(for: session, with: token)
    }
}

/// The token of an `Authorization: Bearer …` header.
struct BearerCredentials {
    let token: Substring

    init?(_ header: String) {
        guard header.prefix(7).lowercased() == "bearer " else { return nil }
        token = header.dropFirst(7)
    }
}
