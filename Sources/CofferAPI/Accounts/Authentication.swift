import Accounts
import HTTPServer
import Research
import UserEngines

/// Finds out who makes a request, from its `Authorization: Bearer` token (RFC 6750).
struct Authentication: Sendable {
    let accounts: Accounts

    /// The live session whose token the request carries; 401 `invalid_token` without one, 403 `not_authorized` for the
    /// token of a running research.
    func session(of request: Request) throws -> Caller {
        let access = try access(of: request)
        guard let session = access.session else {
            throw ResearchError.notAuthorized("A research's token works for its own calls, the search and SQL alone.")
        }
        return Caller(session: session, access: access)
    }

    /// The data that the request's token opens, a session's or a running research's; 401 `invalid_token` without one.
    func access(of request: Request) throws -> DataAccess {
        let headers = request.headers
        if let token = SessionToken(headers) {
            return accounts.access(of: try accounts.authenticate(token), with: token)
        }
        if let token = ResearchToken(headers) {
            return accounts.access(of: try accounts.authenticate(token), with: token)
        }
        throw AccountError.invalidToken
    }
}

/// A session that has proved itself, and the data that its token opens.
struct Caller: Sendable {
    let session: Session
    let access: DataAccess

    var user: UserID { session.userID }
}

extension HeaderFields {
    private static let scheme: StaticString = "Bearer "

    /// Hands out the token of an `Authorization: Bearer …` field where it lies, so that no copy is left unwiped; `nil`
    /// without such a field.
    func withBearerToken<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result? {
        try withBytes(of: "Authorization") { value -> Result? in
            let length = Self.scheme.utf8CodeUnitCount
            guard value.count > length,
                UnsafeRawBufferPointer(rebasing: value[..<length]).equalsIgnoringCase(Self.scheme)
            else { return nil }
            return try body(UnsafeRawBufferPointer(rebasing: value[length...]))
        } ?? nil
    }
}

extension HeaderFields: TokenText {
    /// Hands out the token of the `Authorization` field.
    public func withTokenText<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withBearerToken(body) ?? body(UnsafeRawBufferPointer(start: nil, count: 0))
    }
}
