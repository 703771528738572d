import Accounts
import HTTPServer
import Secrets
import UserEngines

/// Finds out who makes a request, from its `Authorization: Bearer` token (RFC 6750).
struct Authentication: Sendable {
    let accounts: Accounts

    /// The live session whose token the request carries; 401 `invalid_token` without one.
    func session(of request: Request) throws -> Caller {
        guard let token = request.withBearerToken({ SessionToken(parsing: $0) }) ?? nil else {
            throw AccountError.invalidToken
        }
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

extension Request {
    private static let scheme = "bearer "

    /// Hands out the token of an `Authorization: Bearer …` field where it lies, so that no copy is left unwiped; `nil` without
    /// such a field.
    func withBearerToken<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        try headers.withBytes(of: "Authorization") { value -> Result? in
            let scheme = Self.scheme.utf8
            // Letters differ from their other case in this bit, and the space has it set.
            guard value.count > scheme.count, zip(value, scheme).allSatisfy({ $0 | 0x20 == $1 }) else { return nil }
            return try body(UnsafeRawBufferPointer(rebasing: value[scheme.count...]))
        } ?? nil
    }
}
