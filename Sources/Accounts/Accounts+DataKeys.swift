import Secrets
import UserEngines

/// The keys that a user's files may have.
struct DataKeys: Sendable {
    /// The key of the files: 32 bytes of key and 16 of salt.
    let current: GuardedBytes
    /// The key that is to replace it, and that any of the files may have already if the server ended in between.
    let pending: GuardedBytes?
}

extension Accounts {
    /// The keys of a user's present files. Throws `invalid_token` for a user who is gone, and for a key that is not
    /// theirs.
    func dataKeys(of user: UserID, userKey: GuardedBytes) async throws -> DataKeys {
        let (current, pending) = try await catalog.run { catalog in
            (try catalog.dataKey(of: user, .current), try catalog.dataKey(of: user, .pending))
        }
        guard let current else { throw AccountError.invalidToken }
        do {
            return DataKeys(
                current: try current.sealed.open(with: userKey, of: user),
                pending: try pending?.sealed.open(with: userKey, of: user))
        } catch SecretsError.sealRefused {
            throw AccountError.invalidToken
        }
    }

    /// The user key, for what needs the password again.
    ///
    /// Throws ``AccountError`` with `invalid_credentials` for a wrong password, `invalid_token`, `too_many_attempts` or
    /// `password_queue_full`.
    public func unlockUserKey(
        of session: Session, password: Password, client: Client
    ) async throws -> GuardedBytes {
        try await unlock(session, with: password, from: client).userKey
    }

    /// Makes a new data key and keeps its seal beside the current one's.
    func makePendingDataKey(of user: UserID, userKey: GuardedBytes) async throws -> GuardedBytes {
        let id = DataKeyID()
        let key = try GuardedBytes.random(count: KeySize.dataKey)
        let record = DataKeyRecord(
            id: id, userID: user, state: .pending,
            seal: try Seal(key, under: userKey, context: .dataKey(id, of: user)), created: time.unixTime)
        try await catalog.transaction { catalog in
            guard try catalog.dataKey(of: user, .current) != nil else { throw AccountError.userNotFound }
            try catalog.insert(record)
        }
        return key
    }
}

extension DataKeyRecord {
    fileprivate var sealed: SealedDataKey { SealedDataKey(id: id, seal: seal) }
}
