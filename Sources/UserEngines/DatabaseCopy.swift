import Logging
import SQLCipher
import Secrets

/// Whole encrypted database files that no engine has open: new ones made of others, and whether one is sound.
///
/// These calls block their thread for as long as they read or write.
public enum DatabaseCopy {
    /// Makes `path` a copy of an open database under another key or the same, with mode 0600 and on the disk when this
    /// returns. What was at `path` is gone; if this throws, there is nothing.
    static nonisolated(nonsending) func make(
        at path: String, key: GuardedBytes, of source: Connection, logger: Logger,
        progress: nonisolated(nonsending) (CopyProgress) async throws -> Void
    ) async throws {
        try await make(at: path, of: source, logger: logger, progress: progress) { try key.open($0) }
    }

    /// The same under a passphrase, with SQLCipher's default settings.
    public static nonisolated(nonsending) func make(
        at path: String, passphrase: GuardedBytes, of source: Connection, logger: Logger
    ) async throws {
        try await make(at: path, of: source, logger: logger, progress: { _ in await Task.yield() }) { configuration in
            try passphrase.transientCopy().withUnsafeBytes { try Connection.open(configuration, passphrase: $0) }
        }
    }

    private static nonisolated(nonsending) func make(
        at path: String, of source: Connection, logger: Logger,
        progress: nonisolated(nonsending) (CopyProgress) async throws -> Void,
        open: (ConnectionConfiguration) throws -> Connection
    ) async throws {
        try remove(path)
        do {
            // A commit in a file without a log is on the disk when it returns.
            let target = try open(
                ConnectionConfiguration(path: path, journal: .memory, createIfMissing: true, logger: logger))
            do {
                // All at once at the end, it would make the user's own commits wait for it.
                try await source.copy(to: target) {
                    StoredFile.flush(path)
                    try await progress($0)
                }
            } catch {
                _ = try? target.close()
                throw error
            }
            try target.close()
        } catch {
            try? remove(path)
            throw error
        }
    }

    /// Makes `path` a copy of a file that nobody changes meanwhile and that has no log.
    public static nonisolated(nonsending) func make(
        at path: String, key: GuardedBytes, ofFile source: String, sourceKey: GuardedBytes, logger: Logger,
        progress: nonisolated(nonsending) (CopyProgress) async throws -> Void = { _ in await Task.yield() }
    ) async throws {
        let source = try open(source, sourceKey, logger)
        do {
            try await make(at: path, key: key, of: source, logger: logger, progress: progress)
        } catch {
            _ = try? source.close()
            throw error
        }
        try source.close()
    }

    /// What is wrong with a file that nobody changes meanwhile: not this key's, pages that are not authentic, a damaged
    /// structure; empty if nothing is.
    public static func problems(of path: String, key: GuardedBytes, logger: Logger) throws -> [String] {
        do {
            let connection = try open(path, key, logger)
            defer { _ = try? connection.close() }
            return try connection.integrityProblems()
        } catch let error as SQLiteError where error.code == .notADatabase || error.code == .corrupt {
            return ["the file is damaged, or encrypted under another key (\(error))"]
        }
    }

    /// Whether a file without a log is a database under this key; its first page tells.
    public static func isReadable(_ path: String, key: GuardedBytes, logger: Logger) throws -> Bool {
        do {
            try open(path, key, logger).close()
            return true
        } catch let error as SQLiteError where error.code == .notADatabase {
            return false
        }
    }

    /// Moves what is left in a database's log into the file, as after a crash, and removes the log.
    public static func settle(_ path: String, key: GuardedBytes, logger: Logger) throws {
        guard StoredFile.exists(path + "-wal") else { return }
        let connection = try key.open(ConnectionConfiguration(path: path, logger: logger))
        do {
            _ = try connection.checkpoint(.truncate)
        } catch {
            _ = try? connection.close()
            throw error
        }
        try connection.close()
    }

    /// Removes a file with whatever a connection may have left beside it.
    public static func remove(_ path: String) throws(DataDirectoryError) {
        for suffix in ["-wal", "-shm", "-journal", ""] { try StoredFile.remove(path + suffix) }
    }

    private static func open(_ path: String, _ key: GuardedBytes, _ logger: Logger) throws -> Connection {
        try key.open(ConnectionConfiguration(path: path, fileSystem: .immutable, access: .queryOnly, logger: logger))
    }
}

extension GuardedBytes {
    /// Opens a connection with this key.
    fileprivate func open(_ configuration: ConnectionConfiguration) throws -> Connection {
        try transientCopy().withUnsafeBytes { try Connection.open(configuration, key: $0) }
    }
}
