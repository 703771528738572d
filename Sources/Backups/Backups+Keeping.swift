import Accounts
import SQLCipher
import Secrets
import UserEngines

extension Backups {
    /// A user's backups, the latest first.
    public func backups(of user: UserID) async throws -> [BackupRecord] {
        try await accounts.backups(of: user)
    }

    /// The backup that is being made for a user; `nil` if none is.
    public func running(of user: UserID) -> BackupRun? { runs.running(of: user) }

    /// What became of a user's last backup, if it failed since the start of the server.
    public func failed(of user: UserID) -> FailedBackup? { runs.failed(of: user) }

    /// One of a user's backups. Throws ``BackupError/notFound``.
    public func backup(_ id: BackupID, of user: UserID) async throws -> BackupRecord {
        guard let backup = try await accounts.backup(id, of: user) else { throw BackupError.notFound }
        return backup
    }

    /// Whether a backup's file is there: somebody may have removed it behind the server's back.
    public func hasFile(_ backup: BackupRecord) -> Bool {
        StoredFile.exists(path(of: backup))
    }

    /// The encrypted file of the user's database that a backup holds.
    public func path(of backup: BackupRecord) -> String { BackupFiles(backup, in: files).main }

    /// The right to hold a backup's file open, to be kept until it is closed.
    ///
    /// - Throws: `EngineError.descriptorBudget` if this user's downloads, or those of all, are too many.
    public func beginDownload(of backup: BackupRecord) async throws -> any Sendable {
        let download = try transfers.beginDownload(backup.userID)
        return (download, try await engines.holdDescriptor())
    }

    /// Removes a backup, or cancels the one that is being made.
    ///
    /// - Throws: ``BackupError/notFound``; ``BackupError/busy`` while a restore or a change of the key runs.
    public func delete(_ id: BackupID, of user: UserID) async throws {
        if let run = runs.running(of: user), run.id == id {
            run.cancel()
            if (try? await run.value()) == nil { return }
        }
        guard !locks.maintenance.isHeld(user) else { throw BackupError.busy }
        if runs.failed(of: user)?.run.id == id { return runs.forget(user) }
        try await remove(try await backup(id, of: user))
    }

    /// Opens a backup with its key and reads all of it.
    ///
    /// - Throws: ``BackupError/invalidDatabase(_:)``, ``BackupError/notFound``.
    public func verify(_ id: BackupID, of user: UserID, userKey: GuardedBytes) async throws {
        let backup = try await backup(id, of: user)
        let key = try accounts.key(of: backup, userKey: userKey)
        try await onWorkers { [self] in
            // One of a user's at a time, so that nobody takes all turns.
            try await locks.backup.withLock(user) {
                try await turns.withTurn {
                    try await engines.withDescriptors(1) { try await reading(backup) { try check(backup, key) } }
                }
            }
        }
    }

    /// Runs what reads a backup's files. Nothing keeps it from being deleted at the same time.
    ///
    /// - Throws: ``BackupError/notFound`` if it was; what `body` throws.
    func reading<Result>(
        _ backup: BackupRecord, _ body: () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as SQLiteError where error.code == .cantOpen && !hasFile(backup) {
            throw BackupError.notFound
        }
    }

    /// Reads all of a backup's files.
    func check(_ backup: BackupRecord, _ key: GuardedBytes) throws {
        let paths = BackupFiles(backup, in: files)
        guard StoredFile.exists(paths.main) else { throw BackupError.notFound }
        for part in BackupFiles.Part.allCases where StoredFile.exists(paths[part]) {
            let problems = try DatabaseCopy.problems(of: paths[part], key: key, logger: logger)
            guard problems.isEmpty else { throw BackupError.invalidDatabase(problems) }
        }
    }

    /// Removes what the retention no longer covers. A failure is logged: the next backup tries again.
    func prune(_ user: UserID, sparing new: BackupID) async {
        do {
            try await removeExpired(of: user, sparing: new)
        } catch {
            logger.warning("old backups could not be removed", metadata: ["user": "\(user)", "error": "\(error)"])
        }
    }

    /// Removes those of a user's backups that the retention no longer covers, and says which they were.
    ///
    /// - Parameter new: stays. After a clock has been put back it may look older than the others.
    @discardableResult
    public func removeExpired(of user: UserID, sparing new: BackupID? = nil) async throws -> [BackupRecord] {
        let policy = RetentionPolicy(keep: configuration.keep, maximumAge: configuration.maximumAge)
        let expired = policy.expired(try await accounts.backups(of: user), at: time.unixTime).filter { $0.id != new }
        for backup in expired { try await remove(backup) }
        return expired
    }

    /// The files first: a record without files can be removed again, and files without a record would stay.
    private func remove(_ backup: BackupRecord) async throws {
        try BackupFiles(backup, in: files).remove()
        try await accounts.deleteBackup(backup.id, of: backup.userID)
    }
}
