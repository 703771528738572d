import Secrets
import UserEngines

/// A user who has just been registered.
public struct Registration: Sendable {
    /// The new user.
    public let user: User
    /// The recovery code, if one was asked for. It is kept nowhere and shown once.
    public let recoveryCode: RecoveryCode?
}

extension Accounts {
    /// Who registers a user.
    public enum Registrar: Sendable {
        /// Anybody, as far as registration is open.
        case visitor
        /// An administrator, always.
        case administrator
    }

    /// Registers a user with new keys.
    ///
    /// `creatingData` makes the user's files under the new data key, before anybody can log in; if the record was not
    /// made, because the name has been taken meanwhile, `removingData` removes them again.
    ///
    /// Throws ``AccountError`` with `registration_closed`, `invalid_username`, `weak_password`, `username_taken`,
    /// `rate_limited` or `password_queue_full`. Of two registrations of one name at the same time, one is taken.
    public func register(
        username text: String, password: Password, withRecoveryCode: Bool = false, by registrar: Registrar = .visitor,
        from client: Client? = nil,
        creatingData: @Sendable (UserID, GuardedBytes) async throws -> Void,
        removingData: @Sendable (UserID) async throws -> Void
    ) async throws -> Registration {
        guard settings.isRegistrationOpen || registrar == .administrator else {
            throw AccountError.registrationClosed
        }
        let username = try Username(text)
        try PasswordPolicy.check(password, for: username)
        // Asked before the slow hash, and decided when the record is inserted.
        guard try await !catalog.hasUser(named: username) else { throw AccountError.usernameTaken }
        if registrar == .visitor, let client { try admitRegistration(from: ClientNetwork(of: client.address)) }

        let id = UserID()
        let created = time.unixTime
        let userKey = try GuardedBytes.random(count: KeySize.userKey)
        let recovery = try withRecoveryCode ? RecoveryCode.sealing(userKey, of: id) : nil
        let user = UserRecord(
            id: id, username: username, created: created,
            credentials: try await credentials(from: password, sealing: userKey, of: id, version: 1),
            recoverySeal: recovery?.seal)
        let dataKeyID = DataKeyID()
        let dataKey = try GuardedBytes.random(count: KeySize.dataKey)
        let record = DataKeyRecord(
            id: dataKeyID, userID: id, state: .current,
            seal: try Seal(dataKey, under: userKey, context: .dataKey(dataKeyID, of: id)), created: created)
        try await creatingData(id, dataKey)
        do {
            try await catalog.transaction { catalog in
                guard try catalog.insert(user) else { throw AccountError.usernameTaken }
                try catalog.insert(record)
            }
        } catch let error as CatalogError where error.leavesCommitOpen {
            // After a crash the record may be there, and then it needs its files. Without one they open nothing.
            throw error
        } catch {
            // The first error is the one to tell; files without a record open nothing, and the next start tells of
            // them.
            try? await removingData(id)
            throw error
        }
        return Registration(user: User(user), recoveryCode: recovery?.code)
    }

    /// Counts a registration, which is about to cost a hash and a database, or throws `rate_limited`.
    private func admitRegistration(from network: ClientNetwork) throws(AccountError) {
        let now = time.now
        let waitingTime = registrations.withLock { registrations in
            let waitingTime = registrations?.waitingTime(for: network, at: now)
            if waitingTime == nil { registrations?.append(network, at: now) }
            return waitingTime
        }
        if let waitingTime { throw .rateLimited(retryAfter: waitingTime) }
    }

    /// Seals the user key under a new password, with the parameters of now.
    func credentials(
        from password: Password, sealing userKey: GuardedBytes, of user: UserID, version: Int64
    ) async throws -> Credentials {
        let hash = PasswordHash(parameters: settings.passwordParameters)
        let key = try await hasher.sealingKey(from: password, by: hash)
        return Credentials(
            hash: hash, seal: try Seal(userKey, under: key, context: .userKeyByPassword(of: user)), version: version)
    }
}

extension RecoveryCode {
    /// A new code, and the user key sealed under it.
    static func sealing(_ userKey: GuardedBytes, of user: UserID) throws -> (code: RecoveryCode, seal: Seal) {
        let code = try RecoveryCode.random()
        return (code, try Seal(userKey, under: code.sealingKey(), context: .userKeyByRecoveryCode(of: user)))
    }
}
