import Secrets
import UserEngines

extension Accounts {
    /// Gives a user whose password is lost a new one. The code is spent, and every session of the user ends.
    ///
    /// Throws ``AccountError`` with `invalid_credentials` for a wrong or spent code and for an unknown user,
    /// `weak_password`, `account_disabled` only for the right code, `too_many_attempts` or `password_queue_full`.
    /// - Returns: the next recovery code, if asked for.
    public func recover(
        username text: String, code: RecoveryCode, newPassword: Password, withRecoveryCode: Bool = false,
        from client: Client
    ) async throws -> RecoveryCode? {
        let username = try? Username(text)
        let attempt = LoginThrottle.Attempt(
            name: username?.folded ?? "", network: ClientNetwork(of: client.address))
        try admit(attempt)
        let user = if let username { try await catalog.user(named: username) } else { nil as UserRecord? }
        let userKey = try open(
            user?.recoverySeal ?? nobody.seal, with: code.sealingKey(),
            context: .userKeyByRecoveryCode(of: user?.id ?? UserID()), attempt: attempt)
        guard let user else { throw AccountError.invalidCredentials }
        guard !user.isDisabled else { throw AccountError.accountDisabled }
        try PasswordPolicy.check(newPassword, for: user.username)

        let credentials = try await credentials(
            from: newPassword, sealing: userKey, of: user.id, version: user.credentials.version + 1)
        let next = try withRecoveryCode ? RecoveryCode.sealing(userKey, of: user.id) : nil
        let ended = try await catalog.transaction { catalog in
            guard
                try catalog.replaceRecoverySeal(
                    user.recoverySeal, by: next?.seal, of: user.id, version: user.credentials.version)
            else { throw AccountError.invalidCredentials }
            try catalog.replacePassword(user.credentials, by: credentials, of: user.id)
            try catalog.deleteSessions(of: user.id)
        } afterwards: { [sessions] in
            sessions.end(sessions.sessions(of: user.id))
        }
        announce(ended)
        await eraseTraces()
        return next?.code
    }

    /// Gives the user of a session a new recovery code; an earlier one no longer works.
    ///
    /// Throws ``AccountError`` with `invalid_credentials` for a wrong password, `invalid_token`, `too_many_attempts` or
    /// `password_queue_full`.
    public func renewRecoveryCode(
        of session: Session, password: Password, client: Client
    ) async throws -> RecoveryCode {
        let (user, userKey) = try await unlock(session, with: password, from: client)
        let (code, seal) = try RecoveryCode.sealing(userKey, of: user.id)
        try await catalog.transaction { catalog in
            guard
                try catalog.replaceRecoverySeal(
                    user.recoverySeal, by: seal, of: user.id, version: user.credentials.version)
            else { throw AccountError.invalidCredentials }
        }
        await eraseTraces()
        return code
    }
}
