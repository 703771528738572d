import Accounts
import SQLCipher
import UserEngines

extension Backups {
    /// Begins a backup of the user's database, or joins the one that is being made.
    ///
    /// - Throws: ``BackupError/busy`` while a restore or a change of the key runs.
    public func begin(with access: DataAccess, label: String?) throws -> BackupRun {
        let run = BackupRun(of: access.user, kind: .manual, label: label, created: time.unixTime)
        guard let running = begin(run, .opening(access.detached())) else { throw BackupError.busy }
        return running
    }

    /// How a backup comes by the engine.
    enum EngineSource: Sendable {
        case opening(DataAccess)
        /// Without a key, for what is due only as long as the engine is open.
        case ifOpen
    }

    func begin(_ run: BackupRun, _ source: EngineSource) -> BackupRun? {
        runs.begin(run) {
            !locks.maintenance.isHeld(run.user)
        } start: {
            run.start(Task(executorPreference: workers) { [self] in try await perform(run, source) })
        }
    }

    private func perform(_ run: BackupRun, _ source: EngineSource) async throws -> BackupRecord {
        do {
            let backup = try await locks.backup.withLock(run.user) {
                try await turns.withTurn { try await make(run, source) }
            }
            await prune(run.user, sparing: backup.id)
            runs.end(run, nil)
            return backup
        } catch {
            let error = Task.isCancelled ? BackupError.cancelled : error
            report(error, of: run)
            runs.end(run, error)
            throw error
        }
    }

    private func make(_ run: BackupRun, _ source: EngineSource) async throws -> BackupRecord {
        let start = time.now
        let backup: BackupRecord? =
            switch source {
            case .opening(let access): try await access.withEngine(in: engines) { try await write(run, from: $0) }
            case .ifOpen: try await engines.withEngineIfOpen(of: run.user) { try await write(run, from: $0) }
            }
        guard let backup else { throw BackupError.engineClosed }
        metrics.succeeded(in: start.duration(to: time.now), bytes: backup.bytes)
        return backup
    }

    private func write(_ run: BackupRun, from engine: Engine) async throws -> BackupRecord {
        try await checkRoom(for: databaseBytes(of: run.user), of: run.user)
        if run.label != nil { try await checkLabels(of: run.user) }
        try files.makeBackupDirectory(of: run.user)
        let paths = BackupFiles(run.id, of: run.user, created: run.created, in: files)
        do {
            try await engine.copyDatabase(to: paths.main + StoredFile.partialSuffix) { run.report($0) }
            try await engine.copyServiceDatabase(to: paths[.service] + StoredFile.partialSuffix)
            return try await keep(run, paths)
        } catch {
            do {
                try paths.remove()
                try await accounts.deleteBackup(run.id, of: run.user)
            } catch {
                logger.error(
                    "what a failed backup left could not be removed",
                    metadata: ["user": "\(run.user)", "backup": "\(run.id)", "error": "\(error)"])
            }
            throw error
        }
    }

    private func keep(_ run: BackupRun, _ paths: BackupFiles) async throws -> BackupRecord {
        try Task.checkCancellation()
        try await register(run, paths)
        try StoredFile.synchronize(directory: files.directory(of: run.user))
        guard let backup = try await accounts.backup(run.id, of: run.user) else { throw BackupError.notFound }
        return backup
    }

    /// Gives the complete files of a backup their names. The record comes first: files without one could not be opened
    /// after a change of the key, and a record without files is found by the `.partial` that is still there.
    func register(_ run: BackupRun, _ paths: BackupFiles) async throws {
        // The first file comes last: with it the backup exists.
        let parts = [BackupFiles.Part.service, .main].map { paths[$0] }.filter {
            StoredFile.exists($0 + StoredFile.partialSuffix)
        }
        try await accounts.insertBackup(
            run.id, of: run.user, kind: run.kind, label: run.label, created: run.created,
            bytes: parts.reduce(0) { $0 + DataDirectory.size(ofFile: $1 + StoredFile.partialSuffix) })
        for path in parts { try StoredFile.rename(path + StoredFile.partialSuffix, to: path) }
        try StoredFile.synchronize(directory: paths.directory)
    }

    private func report(_ error: any Error, of run: BackupRun) {
        switch error {
        case BackupError.cancelled: metrics.ended(.cancelled)
        case BackupError.engineClosed: break
        default:
            metrics.ended(.failed)
            logger.warning(
                "a backup failed",
                metadata: ["user": "\(run.user)", "kind": "\(run.kind.rawValue)", "error": "\(error)"])
        }
    }
}
