import Secrets
import UserEngines

extension Accounts {
    /// Gives the user of a session a new password: seals the user key anew, rewrites no page of the user's files.
    /// Every other session of the user ends.
    ///
    /// Throws ``AccountError`` with `invalid_credentials` for a wrong current password, `weak_password`,
    /// `invalid_token` if the session has ended meanwhile, `too_many_attempts` or `password_queue_full`.
    public func changePassword(
        of session: Session, from current: Password, to new: Password, client: Client
    ) async throws {
        try PasswordPolicy.check(new, for: Username(session.username))
        let (user, userKey) = try await unlock(session, with: current, from: client)
        let credentials = try await credentials(
            from: new, sealing: userKey, of: user.id, version: user.credentials.version + 1)
        let ended = try await catalog.transaction { catalog in
            guard try catalog.hasSession(session.id) else { throw AccountError.invalidToken }
            try catalog.replacePassword(user.credentials, by: credentials, of: user.id)
            try catalog.deleteSessions(of: user.id, except: session.id)
        } afterwards: { [sessions] in
            sessions.end(sessions.sessions(of: user.id).filter { $0 !== session })
        }
        announce(ended)
        await eraseTraces()
    }

    /// Empties the log, which still holds the seals that were replaced: an old password opens those. What another
    /// process's reading prevents now is made up for by the next ``flushLastSeen()``.
    func eraseTraces() async {
        do {
            try await catalog.eraseLogOrRemember()
        } catch {
            logger.warning("the catalog's log could not be emptied", metadata: ["error": "\(error)"])
        }
    }
}

extension Catalog {
    /// Replaces the password that was checked, whether or not its parameters were raised since; throws
    /// `invalid_credentials` if the user has another one by now.
    func replacePassword(_ checked: Credentials, by new: Credentials, of user: UserID) throws {
        guard let stored = try self.user(user)?.credentials, stored.version == checked.version,
            try replaceCredentials(stored, by: new, of: user)
        else { throw AccountError.invalidCredentials }
    }
}
