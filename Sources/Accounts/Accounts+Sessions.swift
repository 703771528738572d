import Secrets
import Timekeeping
import UserEngines

extension Accounts {
    /// The session that a token belongs to. It counts as used, and its idle deadline moves on.
    ///
    /// Takes about a microsecond, for one derivation and a look-up; the first time in a process also opens the seal.
    /// Throws ``AccountError`` with `invalid_token`.
    public func authenticate(_ token: SessionToken) throws(AccountError) -> Session {
        guard let session = sessions[token.lookupHash] else { throw .invalidToken }
        try session.use(with: token, activity: activity, time: time)
        return session
    }

    /// The user key, out of the session's seal. Throws `invalid_token` for another session's token and for a session
    /// that was never authenticated or has ended.
    public func unlockUserKey(of session: Session, with token: SessionToken) throws -> GuardedBytes {
        guard session.isVerified else { throw AccountError.invalidToken }
        do {
            return try session.openSeal(with: token)
        } catch SecretsError.sealRefused {
            throw AccountError.invalidToken
        }
    }

    /// The key of the user's present files: 32 bytes of key and 16 of salt. Throws `invalid_token` also for a session
    /// that somebody has made up: what its seal holds opens nothing.
    public func dataKey(for session: Session, with token: SessionToken) async throws -> GuardedBytes {
        try await dataKeys(of: session.userID, userKey: unlockUserKey(of: session, with: token)).current
    }

    /// The sessions of a user that have not expired, the latest first.
    public func sessions(of user: UserID) -> [Session] {
        let now = time.unixTime
        return sessions.sessions(of: user).filter { !$0.isExpired(at: now) }.sorted { $0.created > $1.created }
    }

    /// The sessions that have proved themselves in this process and have not expired.
    public var activeSessionCount: Int { activity.count(of: .session) }

    /// Ends a session; once this has returned, its token is refused. The next ``flushLastSeen()`` wipes its seal.
    /// Throws `not_found` if the user has no such session.
    public func endSession(_ id: SessionID, of user: UserID) async throws {
        guard let session = sessions.session(id, of: user) else { throw AccountError.sessionNotFound }
        let ended = try await catalog.transaction { catalog in
            try catalog.deleteSessions([id])
        } afterwards: { [sessions] in
            sessions.end([session])
        }
        announce(ended)
    }

    /// Ends all sessions of a user, but one if told.
    public func endSessions(of user: UserID, except kept: Session? = nil) async throws {
        let ended = try await catalog.transaction { catalog in
            try catalog.deleteSessions(of: user, except: kept?.id)
        } afterwards: { [sessions] in
            sessions.end(sessions.sessions(of: user).filter { $0 !== kept })
        }
        announce(ended)
    }

    /// Removes the sessions whose time is over, and which are refused already.
    /// - Returns: the users who have lost a session that way.
    public func endExpiredSessions() async throws -> Set<UserID> {
        let now = time.unixTime
        let expired = sessions.all.filter { $0.isExpired(at: now) }
        guard !expired.isEmpty else { return [] }
        let ended = try await catalog.transaction { catalog in
            try catalog.deleteSessions(expired.map(\.id))
        } afterwards: { [sessions] in
            sessions.end(expired)
        }
        announce(ended)
        return Set(ended.map(\.userID))
    }

    /// Writes when the sessions were last used, so that a restart goes on from there, and wipes what has ended since
    /// from the catalog's log. Called each ``AccountSettings/lastSeenInterval``.
    public func flushLastSeen() async throws {
        let unsaved = sessions.all.compactMap { session in
            session.unsavedLastSeen.map { (session: session, time: $0) }
        }
        if !unsaved.isEmpty {
            try await catalog.transaction { catalog in
                try catalog.setLastSeen(unsaved.map { ($0.session.id, $0.time) })
            }
            for (session, time) in unsaved { session.markSaved(lastSeen: time) }
        }
        try await catalog.eraseLogIfOwed()
    }

    /// Tells the observer, after the lock and the catalog have been left.
    func announce(_ ended: [Session]) {
        for session in ended { observer?.sessionEnded(session) }
    }
}
