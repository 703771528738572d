import SQLCipher
import Secrets

extension EngineRegistry {
    /// Makes the database of a new user. Only this makes one: a file that is missing later is an error and never
    /// replaced by an empty one.
    ///
    /// - Throws: ``DataDirectoryError``, `SQLiteError`; nothing is left behind then.
    public func createDatabase(of user: UserID, key: GuardedBytes) async throws {
        try await Task(executorPreference: workers) { [self] in
            let descriptors = descriptors()
            guard await descriptors.reserveForWriter() else { throw EngineError.descriptorBudget }
            defer { descriptors.release() }
            try files.makeDirectory(of: user)
            var connection = configuration.connection(
                path: files.databasePath(of: user), role: .writer, logger: logger)
            connection.createIfMissing = true
            do {
                try key.transientCopy().withUnsafeBytes { _ = try Connection.open(connection, key: $0).close() }
            } catch {
                try? files.removeFiles(of: user)
                throw error
            }
        }.value
    }

    /// Opens a new file that is to become a user's database, under the limits and the policy of their own statements.
    /// What was at `path` is gone; a commit is on the disk when it returns.
    ///
    /// The caller closes it, and has a descriptor for it. `cacheKiB` is the most memory for its pages.
    public func openNewFile(at path: String, key: GuardedBytes, cacheKiB: Int) throws -> Connection {
        try DatabaseCopy.remove(path)
        var connection = configuration.connection(path: path, role: .writer, logger: logger)
        connection.journal = .memory
        connection.cacheKiB = cacheKiB
        connection.createIfMissing = true
        return try key.transientCopy().withUnsafeBytes { try Connection.open(connection, key: $0) }
    }

    /// Closes the engine whoever uses it, and removes the user's files, when no other maintenance of them is under way.
    public func deleteDatabase(of user: UserID) async throws {
        // In a task of its own: a deletion that has begun goes on when its caller is cancelled.
        try await Task(executorPreference: workers) { [self] in
            try await locks.maintenance.withLock(user) {
                try await withFiles(of: user, closing: .deleted) { try files.removeFiles(of: user) }
            }
        }.value
    }

    /// Runs `body` with the user's engine if it is open, which it stays until `body` has returned; `nil` if it is not.
    /// The engine does not count as used by somebody.
    public func withEngineIfOpen<Result>(
        of user: UserID, _ body: (Engine) async throws -> Result
    ) async rethrows -> Result? {
        guard let open = decide({ $0.borrow(user) }) else { return nil }
        defer { endUse(of: open, at: nil) }
        return try await body(open.engine)
    }

    /// Runs `body` with so many descriptors for files that no engine has open, all taken at once.
    ///
    /// - Throws: ``EngineError/descriptorBudget`` if they do not come free in time; what `body` throws.
    public func withDescriptors<Result>(_ count: Int, _ body: () async throws -> Result) async throws -> Result {
        let descriptors = descriptors()
        guard await descriptors.reserve(beside: count) else { throw EngineError.descriptorBudget }
        defer { descriptors.release(beside: count) }
        return try await body()
    }

    /// Takes a descriptor for a file that a client takes or brings at its own pace.
    ///
    /// - Throws: ``EngineError/descriptorBudget`` if clients have too many already, or none comes free in time.
    public func holdDescriptor() async throws(EngineError) -> DescriptorHold {
        guard held.take() else { throw .descriptorBudget }
        guard await descriptors().reserve(beside: 1) else {
            held.giveUp()
            throw .descriptorBudget
        }
        return DescriptorHold(held)
    }

    /// The paths of those databases of a user that there are.
    public func databases(of user: UserID) -> [String] {
        [files.databasePath(of: user), files.servicePath(of: user)].filter { StoredFile.exists($0) }
    }

    /// Makes sure that the names of a user's files are on the disk.
    public func synchronizeFiles(of user: UserID) throws(DataDirectoryError) {
        try StoredFile.synchronize(directory: files.directory(of: user))
    }

    /// Bytes of a user's database and its log.
    public func databaseSize(of user: UserID) -> Int64 {
        let path = files.databasePath(of: user)
        return DataDirectory.size(ofFile: path) + DataDirectory.size(ofFile: path + "-wal")
    }

    /// Bytes of the logs of all open databases. Asks neither the file system nor for a lock.
    public func logBytes() -> Int64 { metrics.logs.bytes }
}
