import Accounts
import SQLCipher
import Secrets
import Timekeeping
import UserEngines

/// A user's way out with everything that is in their database. None of these calls leaves plain text on the disk, and
/// what they need on it is gone with its last user, or with the server.
extension Backups {
    /// Prepares the export as SQL text: the database is open when this returns, so that most of what can fail has
    /// failed.
    ///
    /// - Throws: ``BackupError/busy`` while another export or import of the user runs; `EngineError`, `PoolError`.
    public func exportText(with access: DataAccess) async throws -> TextExport {
        let place = try transfers.begin(access.user)
        try await access.withEngine(in: engines) { _ in }
        return TextExport(backups: self, access: access, place: place)
    }

    /// Makes a plain database of the user's, encrypted on the disk under a key that only this process has.
    ///
    /// SQLCipher refuses to copy encrypted pages into a plain file, so it is made anew row by row.
    ///
    /// - Throws: ``BackupError``, `EngineError`, `PoolError`; `SQLiteError`, with `SQLITE_INTERRUPT` after
    ///   ``BackupConfiguration/copyTimeout``; `CancellationError` soon after the caller's task is cancelled.
    public func exportPlain(with access: DataAccess) async throws -> PlainExport {
        let place = try transfers.begin(access.user)
        let hold = try await engines.holdDescriptor()
        let end = SystemTime().now.advanced(by: configuration.copyTimeout)
        let file = try await exporting(with: access) { [self] source in
            let file = try EncryptedTemporaryFile(in: files.directory(of: access.user))
            let target = try Connection.open(
                ConnectionConfiguration(
                    path: "", fileSystem: .storage(file), journal: .memory, cacheKiB: LogicalCopy.cacheKiB,
                    limits: source.configuration.limits, logger: logger), key: nil)
            do {
                // What the schema computes for an index may take any time.
                source.limit(until: end)
                target.limit(until: end)
                try await LogicalCopy(source: source, target: target).run()
            } catch {
                _ = try? target.close()
                throw error
            }
            try target.close()
            return file
        }
        return PlainExport(
            file: file, place: place, hold: hold, pace: Pace(time: time, limit: configuration.stallTimeout))
    }

    /// Makes a copy of the user's database that SQLCipher 4 opens with a passphrase.
    ///
    /// - Throws: as ``exportPlain(with:)``.
    public func exportEncrypted(with access: DataAccess, passphrase: GuardedBytes) async throws -> EncryptedExport {
        let place = try transfers.begin(access.user)
        let hold = try await engines.holdDescriptor()
        return try await exporting(with: access) { [self] source in
            let path = files.directory(of: access.user) + "/export" + StoredFile.partialSuffix
            try await DatabaseCopy.make(at: path, passphrase: passphrase, of: source, logger: logger)
            let (descriptor, byteCount) = try StoredFile.detach(path)
            return EncryptedExport(descriptor: descriptor, byteCount: byteCount, place: place, hold: hold)
        }
    }

    /// Runs `body` on the workers with a connection to copy from, when there is room for the copy.
    private func exporting<Result: Sendable>(
        with access: DataAccess, _ body: @Sendable (Connection) async throws -> Result
    ) async throws -> Result {
        try await withTaskExecutorPreference(workers) { [self] in
            try await turns.withTurn {
                try await access.withEngine(in: engines) { engine in
                    guard try files.freeBytes() >= databaseBytes(of: access.user) + configuration.reservedBytes else {
                        throw BackupError.diskFull
                    }
                    return try await engine.withFurtherReader { source in
                        try await withoutNames { try await body(source) }
                    }
                }
            }
        }
    }

    /// Throws what SQLite said, without the object that it said it of: the database is the user's own, and should be
    /// intact.
    nonisolated(nonsending) func withoutNames<Result>(
        _ body: nonisolated(nonsending) () async throws -> Result
    ) async throws -> Result {
        do {
            return try await body()
        } catch let error as ObjectError {
            guard error.cause is SQLiteError else { throw BackupError.invalidDatabase([error.object]) }
            throw error.cause
        }
    }
}
