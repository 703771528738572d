import CFaultInjection
import CSQLCipher
import SQLCipher

/// Faults under the SQLCipher library of this process: an allocator and file systems that fail on demand, and so do the
/// functions by which whole files get their names.
///
/// What allocates past SQLite is not reached: libcrypto, libsodium's guarded memory, and Swift itself.
public enum Faults {
    /// Puts them in place. Before anything of this process uses SQLite; later calls do nothing.
    public static func install() throws {
        try installation.get()
    }

    private static let installation = Result {
        try check(faults_install_allocator())
        // Also sets what holds for the whole process, which is refused once SQLite has been initialized.
        try SQLCipherLibrary.verify()
        try check(faults_install_file_systems())
        // The file system over a storage exists from its first use on.
        let configuration = ConnectionConfiguration(
            path: "", fileSystem: .storage(EmptyStorage()), journal: .memory)
        try Connection.open(configuration, key: nil).close()
        try check(faults_install_file_system("coffer-storage"))
    }

    /// Runs `body` with a fault armed. Returns how it ended, and how many calls went wrong meanwhile, on any thread.
    public static func run<Success>(
        with fault: Fault, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Success
    ) async -> (result: Result<Success, any Error>, injected: Int) {
        faults_arm(fault.kind.code, fault.call, fault.isLasting)
        let result: Result<Success, any Error>
        do {
            result = .success(try await body())
        } catch {
            result = .failure(error)
        }
        return (result, faults_disarm())
    }

    private static func check(_ result: Int32) throws {
        guard result == SQLITE_OK else { throw SQLiteError(SQLiteCode(rawValue: result), message: "not installed") }
    }
}

/// A database without a page, which nothing is written to.
private final class EmptyStorage: DatabaseStorage {
    let byteCount: Int64 = 0

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) {
        throw .failed
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) { throw .full }

    func truncate(to count: Int64) throws(DatabaseStorageError) {}
}

/// What SQLite holds in this process.
public struct SQLiteHoldings: Equatable, Sendable {
    /// Database files that are open: one for each connection that has read its file.
    public let databases: Int
    /// Files of every sort that are open.
    public let files: Int
    /// Allocations that were not freed.
    public let blocks: Int
    /// Bytes in them.
    public let bytes: Int

    /// What it holds now.
    public static var now: SQLiteHoldings {
        SQLiteHoldings(
            databases: faults_open_databases(), files: faults_open_files(), blocks: faults_blocks(),
            bytes: faults_bytes())
    }
}
