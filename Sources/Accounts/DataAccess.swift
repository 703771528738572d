import Secrets
import Timekeeping
import UserEngines

/// The right to one user's data that a token has proved: a session's, or a running research's.
public struct DataAccess: Sendable {
    private enum Credential: Sendable {
        case session(Session)
        case research(ResearchLease)
    }

    /// Whose data.
    public let user: UserID

    private let credential: Credential
    /// The credential's. Beside it, for most only ask for the credential, and no copy of the token is made for them.
    private let token: BearerToken
    private let accounts: Accounts

    init(_ session: Session, _ token: SessionToken, _ accounts: Accounts) {
        self.init(.session(session), of: session.userID, token.token, accounts)
    }

    init(_ lease: ResearchLease, _ token: ResearchToken, _ accounts: Accounts) {
        self.init(.research(lease), of: lease.userID, token.token, accounts)
    }

    private init(_ credential: Credential, of user: UserID, _ token: BearerToken, _ accounts: Accounts) {
        self.user = user
        self.credential = credential
        self.token = token
        self.accounts = accounts
    }

    /// The same with a copy of the token alone, for what outlives its request: the request's header fields would live
    /// as long otherwise.
    public func detached() -> DataAccess {
        DataAccess(credential, of: user, token.detached(), accounts)
    }

    /// The session whose token it was; `nil` for a research's.
    public var session: Session? {
        if case .session(let session) = credential { session } else { nil }
    }

    /// The lease of the research whose token it was; `nil` for a session's.
    public var lease: ResearchLease? {
        if case .research(let lease) = credential { lease } else { nil }
    }

    /// Says whether the token would be accepted still; keeps no secret.
    public var liveness: @Sendable () -> Bool {
        let time = accounts.time
        switch credential {
        case .session(let session): return { session.isVerified && !session.isExpired(at: time.unixTime) }
        case .research(let lease): return { lease.isLive(at: time.now) }
        }
    }

    /// What opens everything of the user's. A research's token opens the present database alone, and gets
    /// `invalid_token`.
    public func userKey() throws -> GuardedBytes {
        switch credential {
        case .session(let session): try accounts.unlockUserKey(of: session, with: SessionToken(token))
        case .research: throw AccountError.invalidToken
        }
    }

    /// The key of the user's present files. Throws `invalid_token` once the session or the research has ended.
    public func dataKey(in engines: EngineRegistry) async throws -> GuardedBytes {
        switch credential {
        case .session: try await accounts.openingKey(of: user, userKey: userKey(), in: engines)
        case .research(let lease): try lease.dataKey(with: ResearchToken(token), at: accounts.time.now)
        }
    }

    /// Runs `body` with the user's engine, which is opened if need be and stays open until `body` has returned.
    ///
    /// - Throws: `invalid_token` if the token leads to another key than the database's; what the registry or `body`
    ///   throws.
    public func withEngine<Result>(
        in engines: EngineRegistry, _ body: (Engine) async throws -> Result
    ) async throws -> Result {
        try await engines.withEngine(of: user, key: { try await dataKey(in: engines) }) { engine in
            try await check(engine) { try await dataKey(in: engines) }
            return try await body(engine)
        }
    }

    /// The same without waiting; `nil`, and `body` is not called, if the engine is not open, or the token has still to
    /// show that it leads to the database's key.
    public func withOpenEngine<Result>(
        in engines: EngineRegistry, _ body: (Engine) throws -> Result
    ) rethrows -> Result? {
        guard isProven else { return nil }
        return try engines.withOpenEngine(of: user, body)
    }

    private var isProven: Bool {
        switch credential {
        case .session(let session): session.proof.isGiven
        case .research(let lease): lease.proof.isGiven
        }
    }

    private func check(_ engine: Engine, _ key: () async throws -> GuardedBytes) async throws {
        switch credential {
        case .session(let session): try await session.proof.check(engine, key)
        case .research(let lease): try await lease.proof.check(engine, key)
        }
    }

    /// Has the token show that it leads to the database's key, for which the engine is opened unless the token has done
    /// so in this process.
    ///
    /// - Throws: `invalid_token` if it leads to another one; what the registry throws.
    public func prove(in engines: EngineRegistry) async throws {
        if !isProven { try await withEngine(in: engines) { _ in } }
    }
}

extension Accounts {
    /// The data that a session opens.
    public func access(of session: Session, with token: consuming SessionToken) -> DataAccess {
        DataAccess(session, token, self)
    }

    /// The data that a running research opens.
    public func access(of lease: ResearchLease, with token: consuming ResearchToken) -> DataAccess {
        DataAccess(lease, token, self)
    }
}

extension ResearchLease {
    /// The data key out of the seal. Throws `invalid_token` for another research's token, and once it has ended.
    func dataKey(with token: ResearchToken, at now: MonotonicInstant) throws -> GuardedBytes {
        guard isLive(at: now) else { throw AccountError.invalidToken }
        do {
            return try openSeal(with: token)
        } catch SecretsError.sealRefused {
            throw AccountError.invalidToken
        }
    }
}
