import Secrets
import UserEngines

extension Accounts {
    /// How long the end of a change that was cut short waits for requests that use the database.
    private static let drainTimeout = Duration.seconds(10)

    /// Encrypts the user's databases anew under a new data key. Backups keep theirs.
    ///
    /// The catalog gets the new key's seal first and the files are replaced one by one, so whenever the server ends,
    /// each of them has one of the two keys that the catalog knows; ``openingKey(of:userKey:in:)`` goes on from there.
    /// Requests wait meanwhile, as long as they wait for a connection, and are refused then.
    ///
    /// - Parameter limit: how long the requests that use the database get.
    /// - Throws: `EngineError.inUse` if requests did not end in time, and nothing has changed; `DamagedCopy` if a
    ///   database is damaged, and nothing has changed.
    public func rotateDataKey(
        of user: UserID, userKey: GuardedBytes, in engines: EngineRegistry, waiting limit: Duration
    ) async throws {
        let current = try await openingKey(of: user, userKey: userKey, in: engines)
        try await engines.withFilesAlone(of: user, waiting: limit) {
            let new = try await makePendingDataKey(of: user, userKey: userKey)
            let databases = engines.databases(of: user)
            var isReplaced = false
            do {
                for database in databases { try await encryptAnew(database, from: current, to: new) }
                for database in databases {
                    try putInPlace(database)
                    isReplaced = true
                }
            } catch {
                for database in databases { try? DatabaseCopy.remove(database + StoredFile.partialSuffix) }
                if !isReplaced { try? await catalog.transaction { try $0.deleteDataKey(.pending, of: user) } }
                throw error
            }
            try await promotePendingDataKey(of: user, in: engines)
        }
    }

    /// The key that the user's files have. If the server ended while the key was being changed, or the change failed
    /// half-way, it is brought to an end first.
    ///
    /// - Throws: `invalid_token` for a user who is gone, and for a key that is not theirs; `EngineError.unavailable`
    ///   for a file that has neither of the keys, and is left as it is.
    public func openingKey(
        of user: UserID, userKey: GuardedBytes, in engines: EngineRegistry
    ) async throws -> GuardedBytes {
        let keys = try await dataKeys(of: user, userKey: userKey)
        guard keys.pending != nil else { return keys.current }
        return try await engines.withFilesAlone(of: user, waiting: Self.drainTimeout) {
            // Whoever had the files before may have done it.
            let keys = try await dataKeys(of: user, userKey: userKey)
            guard let pending = keys.pending else { return keys.current }
            return try await endRotation(of: user, from: keys.current, to: pending, in: engines)
        }
    }

    private func endRotation(
        of user: UserID, from current: GuardedBytes, to pending: GuardedBytes, in engines: EngineRegistry
    ) async throws -> GuardedBytes {
        let databases = engines.databases(of: user)
        let isDone = try databases.map { try DatabaseCopy.isReadable($0, key: pending, logger: logger) }
        // No key is given up before every file has shown that it has the other: one that seems to have neither may be
        // damaged, or have been read without memory.
        for (database, isDone) in zip(databases, isDone) where !isDone {
            guard try DatabaseCopy.isReadable(database, key: current, logger: logger) else {
                logger.error("a database has neither of its user's keys", metadata: ["user": "\(user)"])
                throw EngineError.unavailable
            }
        }
        guard isDone.contains(true) else {
            try await catalog.transaction { try $0.deleteDataKey(.pending, of: user) }
            return current
        }
        for (database, isDone) in zip(databases, isDone) where !isDone {
            do {
                try await encryptAnew(database, from: current, to: pending)
                try putInPlace(database)
            } catch {
                try? DatabaseCopy.remove(database + StoredFile.partialSuffix)
                throw error
            }
        }
        try await promotePendingDataKey(of: user, in: engines)
        return pending
    }

    /// Makes a verified copy under the new key beside a database that nobody has open.
    private func encryptAnew(_ database: String, from key: GuardedBytes, to new: GuardedBytes) async throws {
        let copy = database + StoredFile.partialSuffix
        try DatabaseCopy.settle(database, key: key, logger: logger)
        try await DatabaseCopy.make(at: copy, key: new, ofFile: database, sourceKey: key, logger: logger)
        let problems = try DatabaseCopy.problems(of: copy, key: new, logger: logger)
        guard problems.isEmpty else { throw DamagedCopy(problems: problems) }
    }

    private func putInPlace(_ database: String) throws {
        try StoredFile.rename(database + StoredFile.partialSuffix, to: database)
    }

    /// Makes the pending key the only one, once every file that has it is there to stay.
    private func promotePendingDataKey(of user: UserID, in engines: EngineRegistry) async throws {
        try engines.synchronizeFiles(of: user)
        try await catalog.transaction { try $0.promotePendingDataKey(of: user) }
        await eraseTraces()
    }
}
