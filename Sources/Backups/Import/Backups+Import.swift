import Accounts
import SQLCipher
import Secrets
import Timekeeping
import UserEngines

/// What came of an import.
public struct ImportResult: Sendable {
    /// The size of the new database.
    public let byteCount: Int64
    /// What it replaced; `nil` if there was nothing.
    public let safetyBackup: BackupRecord?
    /// Rows that refer to a row that is not there; `nil` if the schema refers to what cannot be referred to.
    public let foreignKeyViolations: Int?
}

extension Backups {
    /// Replaces a user's database by one that they send: a plain SQLite file, or one of SQLCipher 4 under a passphrase.
    ///
    /// It is received into an encrypted temporary file, made anew under the user's own key and policy statement by
    /// statement and row by row, read through, and put in the place of the old one as a restore does it. Until then
    /// nothing has changed.
    ///
    /// - Parameters:
    ///   - body: the file's bytes; the caller limits their number and how long they take to come.
    ///   - byteCount: how many there will be, if that is known.
    /// - Throws: ``BackupError``; `ResearchError.active`; `EngineError.inUse` if requests did not end in time;
    ///   `SQLiteError` with `SQLITE_FULL` over the limit of a database; what `body` throws.
    public func importDatabase<Body: AsyncSequence>(
        of access: DataAccess, from body: Body, byteCount: Int64?, passphrase: GuardedBytes?
    ) async throws -> ImportResult where Body.Element == [UInt8] {
        let user = access.user
        let place = try transfers.begin(user)
        defer { withExtendedLifetime(place) {} }
        // Both are asked again when everything is here; a client should learn early that it sends in vain.
        guard !locks.maintenance.isHeld(user) else { throw BackupError.busy }
        try await researches.withoutResearch(of: user) {}
        let userKey = try access.userKey()
        let hold = try await engines.holdDescriptor()
        defer { withExtendedLifetime(hold) {} }
        // The file that arrives, and what is made of it.
        try await checkRoom(for: 2 * (byteCount ?? 0), of: user)
        let foreign = try await receive(body, of: user, passphrase)
        return try await maintaining(user, onlyFor: .caller) { [self] in
            let key = try await accounts.openingKey(of: user, userKey: userKey, in: engines)
            // Two files at once, and the directory for a moment.
            return try await engines.withDescriptors(3) {
                try await checkRoom(for: foreign.file.byteCount, of: user)
                let path = files.databasePath(of: user)
                let prepared = path + StoredFile.partialSuffix
                let violations = try await makeOwn(foreign, at: prepared, key)
                let bytes = DataDirectory.size(ofFile: prepared)
                let replacement = Replacement(part: .main, prepared: prepared, path: path)
                return ImportResult(
                    byteCount: bytes, safetyBackup: try await putInPlace([replacement], of: user, key: key),
                    foreignKeyViolations: violations)
            }
        }
    }

    private func receive<Body: AsyncSequence>(
        _ body: Body, of user: UserID, _ passphrase: GuardedBytes?
    ) async throws -> ForeignDatabase where Body.Element == [UInt8] {
        let file = try EncryptedTemporaryFile(in: files.directory(of: user))
        var isPlain = true
        do {
            for try await var piece in body {
                defer { piece.wipe() }
                let received = file.byteCount
                if received < ForeignDatabase.header.count {
                    // Byte by byte: the header may come in several pieces.
                    isPlain = isPlain && zip(piece, ForeignDatabase.header.dropFirst(Int(received))).allSatisfy(==)
                    guard isPlain || passphrase != nil else { throw Self.noDatabase }
                }
                if received / Self.roomStep != (received + Int64(piece.count)) / Self.roomStep,
                    try files.freeBytes() < Self.roomStep + configuration.reservedBytes
                {
                    throw BackupError.diskFull
                }
                try file.append(piece)
            }
        } catch DatabaseStorageError.full {
            throw BackupError.diskFull
        }
        guard file.byteCount >= ForeignDatabase.header.count else { throw Self.noDatabase }
        return ForeignDatabase(file: file, passphrase: isPlain ? nil : passphrase)
    }

    /// How often the disk is looked at while a file arrives, in bytes.
    private static let roomStep: Int64 = 8 << 20
    private static let noDatabase = BackupError.invalidDatabase([
        "neither a SQLite database nor given with a passphrase"
    ])

    /// Makes a database under the user's key of the foreign one, and reads all of both.
    ///
    /// - Returns: the number of rows with a reference to nothing, if it can be told.
    /// - Throws: as ``importDatabase(of:from:byteCount:passphrase:)``; there is nothing at `path` then.
    private func makeOwn(_ foreign: ForeignDatabase, at path: String, _ key: GuardedBytes) async throws -> Int? {
        do {
            let target = try engines.openNewFile(at: path, key: key, cacheKiB: LogicalCopy.cacheKiB)
            let violations: Int?
            do {
                violations = try await copy(foreign, to: target)
            } catch {
                _ = try? target.close()
                throw error
            }
            try target.close()
            let problems = try DatabaseCopy.problems(of: path, key: key, logger: logger)
            guard problems.isEmpty else { throw BackupError.invalidDatabase(problems) }
            // Neither of the last two steps ends with the task.
            try Task.checkCancellation()
            return violations
        } catch {
            try? DatabaseCopy.remove(path)
            throw BackupError.ofImport(error)
        }
    }

    private func copy(_ foreign: ForeignDatabase, to target: Connection) async throws -> Int? {
        let end = SystemTime().now.advanced(by: configuration.copyTimeout)
        let source = try foreign.open(target.configuration.limits, until: end, logger)
        do {
            target.limit(until: end)
            // What checks a page or runs a statement sees nothing of the task.
            let violations = try await withTaskCancellationHandler {
                let problems = try source.integrityProblems()
                guard problems.isEmpty else { throw BackupError.invalidDatabase(problems) }
                try await LogicalCopy(source: source, target: target).run()
                return try target.foreignKeyViolations()
            } onCancel: {
                source.interrupt()
                target.interrupt()
            }
            try source.close()
            return violations
        } catch {
            _ = try? source.close()
            throw error
        }
    }
}

extension Connection {
    /// Rows with a reference to nothing; `nil` if one refers to what cannot be referred to, so that they cannot be
    /// told. See https://www.sqlite.org/pragma.html#pragma_foreign_key_check and
    /// https://www.sqlite.org/foreignkeys.html#fk_indexes.
    fileprivate func foreignKeyViolations() throws -> Int? {
        do {
            return try withStatement("PRAGMA foreign_key_check") { statement in
                var count = 0
                while try statement.step() { count += 1 }
                return count
            }
        } catch let error as SQLiteError where error.code == .error && !error.isConnectionBroken {
            return nil
        }
    }
}
