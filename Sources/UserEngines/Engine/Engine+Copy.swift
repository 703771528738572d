import ConnectionPool
import SQLCipher

extension Engine {
    /// Makes `path` a verified copy of the user's database as it is when this begins, under the same key, while others read
    /// and write it.
    ///
    /// It takes a connection that the pool has beyond its usual maximum, so that nobody's requests have one less. When the
    /// engine closes or the task is cancelled, it ends soon and leaves nothing at `path`.
    ///
    /// - Throws: ``EngineError/descriptorBudget``; ``DamagedCopy`` if the database itself is damaged; `SQLiteError`,
    ///   `PoolError`.
    public func copyDatabase(to path: String, progress: @Sendable (CopyProgress) -> Void) async throws {
        // A reader only joins what is open already, and after a release pass nothing is.
        if !database.descriptors.isHolding { try await writer.withConnection { _ in } }
        try await copy(database, through: readers, usually: configuration.readers, to: path, progress)
    }

    /// The same for the service database. Without one it does nothing.
    public func copyServiceDatabase(to path: String) async throws {
        guard StoredFile.exists(serviceDatabase.path) else { return }
        try await copy(serviceDatabase, through: service, usually: 1, to: path) { _ in }
    }

    private func copy(
        _ file: EngineFile, through pool: Pool, usually maximum: Int, to path: String,
        _ progress: @Sendable (CopyProgress) -> Void
    ) async throws {
        // All that is needed at once, and before anything is leased: nobody waits here with what another waits for.
        guard await file.descriptors.reserve(beside: 1 + EngineDescriptors.perConnection) else {
            throw EngineError.descriptorBudget
        }
        defer { file.descriptors.release(beside: 1) }
        pool.resize(maximum: maximum + 1)
        defer { pool.resize(maximum: maximum) }
        // From here on they are the connection's to take; an idle one has its own.
        file.descriptors.release(beside: EngineDescriptors.perConnection)
        beginCopying()
        defer { endCopying() }
        do {
            try await pool.withConnection { source in
                try await DatabaseCopy.make(at: path, key: key, of: source, logger: logger) {
                    progress($0)
                    await Task.yield()
                }
            }
        } catch PoolError.openFailed(is GrowthRefused) {
            throw EngineError.descriptorBudget
        }
        let problems = try DatabaseCopy.problems(of: path, key: key, logger: logger)
        guard problems.isEmpty else {
            try DatabaseCopy.remove(path)
            throw DamagedCopy(problems: problems)
        }
    }
}

/// A copy of a database is damaged, most likely because the database is.
public struct DamagedCopy: Error, Sendable {
    /// What is wrong, in SQLite's words.
    public let problems: [String]

    /// Says what is wrong.
    public init(problems: [String]) {
        self.problems = problems
    }
}
