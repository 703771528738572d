import Accounts
import Secrets
import UserEngines

extension Backups {
    /// Runs what needs a user's files alone.
    ///
    /// - Parameter audience: whether it goes on when the caller is cancelled.
    /// - Throws: ``BackupError/busy`` while something of that kind or a backup runs, `ResearchError.active`.
    func maintaining<Result: Sendable>(
        _ user: UserID, onlyFor audience: Audience = .anybody, _ work: @escaping @Sendable () async throws -> Result
    ) async throws -> Result {
        try await onWorkers(onlyFor: audience) { [self] in
            let result = try await locks.maintenance.withLockIfFree(user) {
                // Backups look whether this lock is held, and this looks whether one runs: none of the two begins in
                // between.
                guard runs.running(of: user) == nil else { throw BackupError.busy }
                return try await researches.withoutResearch(of: user) {
                    try await turns.withTurn { try await work() }
                }
            }
            guard let result else { throw BackupError.busy }
            return result
        }
    }

    /// Encrypts the user's databases anew under a new data key; backups keep theirs. Requests wait meanwhile, as long
    /// as they wait for a connection, and are refused then.
    ///
    /// - Throws: ``BackupError``; `ResearchError.active`; `EngineError.inUse` if requests did not end in time, and
    ///   nothing has changed.
    public func rotateKey(of user: UserID, userKey: GuardedBytes) async throws {
        try await maintaining(user) { [self] in
            // Two files at once, and the directory for a moment.
            try await engines.withDescriptors(3) {
                try await checkRoom(for: databaseBytes(of: user), of: user)
                try await accounts.rotateDataKey(
                    of: user, userKey: userKey, in: engines, waiting: configuration.drainTimeout)
            }
        }
    }

    /// Removes the databases and backups of a user whose record is gone, so that nothing begins any more. What runs is
    /// cancelled, or waited for.
    public func deleteFiles(of user: UserID) async throws {
        if let run = runs.running(of: user) {
            run.cancel()
            _ = try? await run.value()
        }
        runs.forget(user)
        schedule.forget(user)
        try await engines.deleteDatabase(of: user)
    }
}
