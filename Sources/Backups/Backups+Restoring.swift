import Accounts
import SQLCipher
import Secrets
import UserEngines

extension Backups {
    /// Which of a backup's files a restore brings back.
    public enum Parts: Sendable {
        /// The user's own database. What the server keeps for them, such as researches, stays as it is.
        case database
        /// Everything, as after the loss of a disk.
        case all
    }

    /// Puts a backup in the place of the user's database. What it replaces becomes a safety backup, to the last write.
    ///
    /// The copy is made ready beside the database, under its present key; then requests that use the database end, new
    /// ones wait, and one renaming puts the copy in place. So whenever the server ends, there is the one database or
    /// the other.
    ///
    /// - Returns: the safety backup; `nil` if there was no database.
    /// - Throws: ``BackupError``; `ResearchError.active`; `EngineError.inUse` if requests did not end in time, and
    ///   nothing has changed.
    public func restore(
        _ id: BackupID, of user: UserID, parts: Parts, userKey: GuardedBytes
    ) async throws -> BackupRecord? {
        let backup = try await backup(id, of: user)
        let backupKey = try accounts.key(of: backup, userKey: userKey)
        return try await maintaining(user) { [self] in
            let key = try await accounts.openingKey(of: user, userKey: userKey, in: engines)
            // Two files at once, and the directory for a moment.
            return try await engines.withDescriptors(3) {
                let replacements = try await reading(backup) {
                    try check(backup, backupKey)
                    try await checkRoom(for: backup.bytes, of: user)
                    return try await prepare(backup, backupKey, parts, under: key)
                }
                return try await putInPlace(replacements, of: user, key: key)
            }
        }
    }

    /// Puts files that are ready in the place of others as soon as nobody uses them. What is not put there is removed.
    ///
    /// - Returns: the safety backup; `nil` if there was no database.
    func putInPlace(
        _ replacements: [Replacement], of user: UserID, key: GuardedBytes
    ) async throws -> BackupRecord? {
        do {
            return try await engines.withFilesAlone(of: user, waiting: configuration.drainTimeout) {
                try await replace(replacements, of: user, key: key)
            }
        } catch {
            for replacement in replacements { try? DatabaseCopy.remove(replacement.prepared) }
            throw error
        }
    }

    /// One file that is put in the place of another.
    struct Replacement {
        let part: BackupFiles.Part
        /// Complete and on the disk, in the directory of the one it replaces.
        let prepared: String
        let path: String
    }

    /// Copies a backup's files under the present key, each beside the one that it will replace.
    ///
    /// - Throws: `SQLiteError` with `SQLITE_CANTOPEN` if the user's database is not among them.
    func prepare(
        _ backup: BackupRecord, _ backupKey: GuardedBytes, _ parts: Parts, under key: GuardedBytes
    ) async throws -> [Replacement] {
        let source = BackupFiles(backup, in: files)
        let wanted: [BackupFiles.Part] = parts == .all ? [.main, .service] : [.main]
        var replacements: [Replacement] = []
        do {
            for part in wanted where part == .main || StoredFile.exists(source[part]) {
                let path = files.path(of: part, backup.userID)
                let prepared = path + StoredFile.partialSuffix
                try await DatabaseCopy.make(
                    at: prepared, key: key, ofFile: source[part], sourceKey: backupKey, logger: logger)
                replacements.append(Replacement(part: part, prepared: prepared, path: path))
            }
            // A deletion takes this one first: while it is there, no other was missed.
            guard StoredFile.exists(source.main) else { throw BackupError.notFound }
        } catch {
            for replacement in replacements { try? DatabaseCopy.remove(replacement.prepared) }
            throw error
        }
        return replacements
    }

    /// The replaced files are kept by a second name, given before the first goes to the replacement.
    private func replace(
        _ replacements: [Replacement], of user: UserID, key: GuardedBytes
    ) async throws -> BackupRecord? {
        for replacement in replacements { try settle(replacement.path, key) }
        try files.makeBackupDirectory(of: user)
        let run = BackupRun(of: user, kind: .safety, label: nil, created: time.unixTime)
        let safety = BackupFiles(run.id, of: user, created: run.created, in: files)
        // The directory of the backups may be new, and a log that is gone must not come back beside the replacement.
        try StoredFile.synchronize(directory: files.directory(of: user))
        let isThere = StoredFile.exists(files.databasePath(of: user))
        var isReplaced = false
        do {
            if isThere { try await keep(replacements.filter { StoredFile.exists($0.path) }, as: run, safety) }
            // The database first: a safety backup without it would be none.
            for replacement in replacements {
                try StoredFile.rename(replacement.prepared, to: replacement.path)
                isReplaced = true
            }
        } catch {
            if isReplaced {
                // What was not replaced goes on being written to, and is no part of the safety backup.
                for replacement in replacements where StoredFile.isSame(safety[replacement.part], replacement.path) {
                    try? StoredFile.remove(safety[replacement.part])
                }
            } else {
                try? safety.remove()
                try? await accounts.deleteBackup(run.id, of: user)
            }
            throw error
        }
        try StoredFile.synchronize(directory: files.directory(of: user))
        return isThere ? try await accounts.backup(run.id, of: user) : nil
    }

    /// Gives files that are about to be replaced the names of a backup. As in the making of one they end in `.partial`
    /// until the catalog has its record, so that no record is left of which there is no file.
    private func keep(_ replaced: [Replacement], as run: BackupRun, _ safety: BackupFiles) async throws {
        for replacement in replaced {
            try StoredFile.link(replacement.path, to: safety[replacement.part] + StoredFile.partialSuffix)
        }
        try StoredFile.synchronize(directory: safety.directory)
        try await register(run, safety)
    }

    /// Leaves no log beside a file that is about to be replaced. The log of one that cannot be read any more goes with
    /// it: a restore is what helps then.
    private func settle(_ path: String, _ key: GuardedBytes) throws {
        do {
            try DatabaseCopy.settle(path, key: key, logger: logger)
        } catch let error as SQLiteError where error.code == .notADatabase || error.code == .corrupt {
            logger.warning("a damaged database is replaced", metadata: ["error": "\(error)"])
        } catch let error as SQLiteError where error.code == .cantOpen && !StoredFile.exists(path) {
            logger.warning("a missing database is replaced", metadata: ["error": "\(error)"])
        }
        for suffix in ["-wal", "-shm", "-journal"] { try StoredFile.remove(path + suffix) }
    }
}
