import Secrets
import UserEngines

/// A session that has just begun, and the token that only its client is to know.
public struct Login: Sendable {
    /// The session.
    public let session: Session
    /// The token; kept nowhere.
    public let token: SessionToken
}

extension Accounts {
    /// Begins a session.
    ///
    /// Throws ``AccountError`` with `invalid_credentials`, the same and after the same work for a user who does not
    /// exist, `account_disabled` only for the right password, `too_many_attempts` or `password_queue_full`.
    public func login(
        username text: String, password: Password, remember: Bool = false, from client: Client
    ) async throws -> Login {
        do {
            let login = try await uncountedLogin(text, password, remember: remember, from: client)
            observer?.loginEnded(.success)
            return login
        } catch {
            observer?.loginEnded(LoginResult(error))
            throw error
        }
    }

    private func uncountedLogin(
        _ text: String, _ password: Password, remember: Bool, from client: Client
    ) async throws -> Login {
        // A name that nobody can have takes the same way as one that nobody has.
        let username = try? Username(text)
        let attempt = LoginThrottle.Attempt(
            name: username?.folded ?? "", network: ClientNetwork(of: client.address))
        try admit(attempt)
        let user = if let username { try await catalog.user(named: username) } else { nil as UserRecord? }
        let userKey = try await unlock(user, with: password, attempt: attempt)
        guard let user else { throw AccountError.invalidCredentials }
        guard !user.isDisabled else { throw AccountError.accountDisabled }
        await raiseParameters(of: user, password: password, userKey: userKey)
        return try await beginSession(of: user, userKey: userKey, remember: remember, from: client)
    }

    private func beginSession(
        of user: UserRecord, userKey: GuardedBytes, remember: Bool, from client: Client
    ) async throws -> Login {
        let token = SessionToken.random()
        let id = SessionID()
        let now = time.unixTime
        let record = SessionRecord(
            id: id, userID: user.id, lookupHash: token.lookupHash,
            seal: try Seal(userKey, under: token.sealingKey(), context: .userKey(of: user.id, session: id)),
            created: now, lastSeen: now,
            expiresAt: now.advanced(by: remember ? settings.sessionRemember : settings.sessionLifetime),
            idleTimeout: remember ? settings.sessionRemember : settings.sessionIdleTimeout,
            address: client.address, userAgent: client.userAgent)
        let session = Session(record, username: user.username.text)
        // From here on the user is active, so that an engine that is about to close stays.
        try session.use(with: token, activity: activity, time: time)
        do {
            try await catalog.transaction { catalog in
                guard try catalog.insert(record, passwordVersion: user.credentials.version) else {
                    // Since the password was checked, the user was disabled or deleted, or the password changed.
                    let isDisabled = try catalog.user(user.id)?.isDisabled ?? false
                    throw isDisabled ? AccountError.accountDisabled : .invalidCredentials
                }
            } afterwards: { [sessions] in
                sessions.insert(session)
            }
        } catch {
            session.end()
            throw error
        }
        return Login(session: session, token: token)
    }

    /// Seals the user key anew if the settings ask for a costlier hash than the user's. If that fails, the next login
    /// tries again.
    private func raiseParameters(of user: UserRecord, password: Password, userKey: GuardedBytes) async {
        let (stored, wanted) = (user.credentials.hash.parameters, settings.passwordParameters)
        guard stored.operations < wanted.operations || stored.memoryBytes < wanted.memoryBytes else { return }
        do {
            let raised = try await credentials(
                from: password, sealing: userKey, of: user.id, version: user.credentials.version)
            _ = try await catalog.transaction { catalog in
                catalog.oweErasure()
                return try catalog.replaceCredentials(user.credentials, by: raised, of: user.id)
            }
        } catch {
            logger.warning("a password hash could not be raised", metadata: ["error": "\(error)"])
        }
    }
}

extension LoginResult {
    fileprivate init(_ error: any Error) {
        switch (error as? AccountError)?.code {
        case .invalidCredentials: self = .invalidCredentials
        case .accountDisabled: self = .accountDisabled
        case .tooManyAttempts: self = .tooManyAttempts
        case .passwordQueueFull: self = .passwordQueueFull
        default: self = .error
        }
    }
}
