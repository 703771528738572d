import ConnectionPool
import SQLCipher

extension Engine {
    /// Makes `path` a verified copy of the user's database as it is when this begins, under the same key, while others
    /// read and write it.
    ///
    /// It takes a connection that the pool has beyond its usual maximum, so that nobody's requests have one less. When
    /// the engine closes or the task is cancelled, it ends soon and leaves nothing at `path`.
    ///
    /// - Throws: ``EngineError/descriptorBudget``; ``DamagedCopy`` if the database itself is damaged; `SQLiteError`,
    ///   `PoolError`.
    public func copyDatabase(to path: String, progress: @Sendable (CopyProgress) -> Void) async throws {
        try await copy(database, through: readers, to: path, progress)
    }

    /// The same for the service database. Without one it does nothing.
    public func copyServiceDatabase(to path: String) async throws {
        guard StoredFile.exists(serviceDatabase.path) else { return }
        try await copy(serviceDatabase, through: service, to: path) { _ in }
    }

    /// Runs `body` with a connection for reading that the pool has beyond its usual maximum, so that nobody's requests
    /// have one less, however long it takes. It is interrupted when the engine has to close.
    ///
    /// - Throws: ``EngineError/descriptorBudget``, `PoolError`; what `body` throws.
    public func withFurtherReader<Result>(
        _ body: nonisolated(nonsending) (Connection) async throws -> Result
    ) async throws -> Result {
        try await withFurtherConnection(of: readers, to: database, beside: 0, body)
    }

    private func copy(
        _ file: EngineFile, through pool: Pool, to path: String, _ progress: @Sendable (CopyProgress) -> Void
    ) async throws {
        try await withFurtherConnection(of: pool, to: file, beside: 1) { source in
            try await DatabaseCopy.make(at: path, key: key, of: source, logger: logger) {
                progress($0)
                await Task.yield()
            }
        } afterwards: {
            let problems = try DatabaseCopy.problems(of: path, key: key, logger: logger)
            guard problems.isEmpty else {
                try DatabaseCopy.remove(path)
                throw DamagedCopy(problems: problems)
            }
        }
    }

    /// - Parameters:
    ///   - count: descriptors for files beside the connection.
    ///   - afterwards: called with these, when the connection has gone back.
    private func withFurtherConnection<Result>(
        of pool: Pool, to file: EngineFile, beside count: Int,
        _ body: nonisolated(nonsending) (Connection) async throws -> Result,
        afterwards: () throws -> Void = {}
    ) async throws -> Result {
        // A reader only joins what is open already, and after a release pass nothing is.
        if pool === readers, !file.descriptors.isHolding { try await writer.withConnection { _ in } }
        // All that is needed at once, and before anything is leased: nobody waits here with what another waits for.
        guard await file.descriptors.expectConnection(beside: count) else { throw EngineError.descriptorBudget }
        defer { file.descriptors.release(beside: count) }
        let result = try await withExpectedConnection(of: pool, to: file, body)
        try afterwards()
        return result
    }

    private func withExpectedConnection<Result>(
        of pool: Pool, to file: EngineFile, _ body: nonisolated(nonsending) (Connection) async throws -> Result
    ) async throws -> Result {
        var isExpected = true
        defer { if isExpected { file.descriptors.endExpectation() } }
        pool.grow(by: 1)
        var isGrown = true
        defer { if isGrown { pool.grow(by: -1) } }
        beginCopying()
        defer { endCopying() }
        do {
            return try await pool.withConnection { connection in
                // An idle one has its own descriptors, and needs none that were taken for it.
                file.descriptors.endExpectation()
                isExpected = false
                // The pool is as small as usual again before it has the connection back: whoever uses the service
                // database is to be the only one.
                defer {
                    pool.grow(by: -1)
                    isGrown = false
                }
                return try await body(connection)
            }
        } catch PoolError.openFailed(is GrowthRefused) {
            throw EngineError.descriptorBudget
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
