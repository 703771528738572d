import Secrets
import Timekeeping
import UserEngines

extension Accounts {
    /// Opens the seal that the password is checked by: the user key. Without a user it does the same work in vain.
    ///
    /// Failures are counted; the limit is looked at again when the hash's turn comes, so that guesses which were
    /// queued together do not all get their try.
    func unlock(
        _ user: UserRecord?, with password: Password, attempt: LoginThrottle.Attempt
    ) async throws -> GuardedBytes {
        let credentials = user?.credentials ?? nobody
        let context = SealContext.userKeyByPassword(of: user?.id ?? UserID())
        let key = try await hasher.sealingKey(from: password, by: credentials.hash) { () throws(AccountError) in
            try admit(attempt)
        }
        return try open(credentials.seal, with: key, context: context, attempt: attempt)
    }

    /// Opens a seal whose key somebody claims to know; a failure is counted as an attempt.
    func open(
        _ seal: Seal, with key: GuardedBytes, context: SealContext, attempt: LoginThrottle.Attempt
    ) throws -> GuardedBytes {
        do {
            let userKey = try seal.open(with: key, context: context)
            throttle.withLock { $0.recordSuccess(of: attempt) }
            return userKey
        } catch SecretsError.sealRefused {
            let now = time.now
            throttle.withLock { $0.recordFailure(of: attempt, at: now) }
            throw AccountError.invalidCredentials
        }
    }

    /// Throws `too_many_attempts` if there were.
    func admit(_ attempt: LoginThrottle.Attempt) throws(AccountError) {
        let now = time.now
        if let waitingTime = throttle.withLock({ $0.waitingTime(for: attempt, at: now) }) {
            throw .tooManyAttempts(retryAfter: waitingTime)
        }
    }

    /// The user of a session, and the user key by their password; for what needs the password again.
    func unlock(
        _ session: Session, with password: Password, from client: Client
    ) async throws -> (user: UserRecord, userKey: GuardedBytes) {
        guard let user = try await catalog.user(session.userID) else { throw AccountError.invalidToken }
        let attempt = LoginThrottle.Attempt(
            name: user.username.folded, network: ClientNetwork(of: client.address))
        try admit(attempt)
        return (user, try await unlock(user, with: password, attempt: attempt))
    }
}
