import Logging
import SQLCipher
import Workers

/// The one SQLite file that knows the users, their seals and their sessions. It holds nothing that opens a database.
///
/// It is an actor on a thread of its own, because every call blocks on the disk. Whatever belongs together runs in one
/// ``run(_:)`` or ``transaction(_:)``, which no other caller gets in between. What SQLite reports leaves it as
/// ``CatalogError/unavailable(_:)`` or ``CatalogError/commitFailed(_:)``: an error in here is none of a user's own
/// database.
actor Catalog {
    private let configuration: ConnectionConfiguration
    private let executor = SerialThreadExecutor()
    private var openConnection: Connection?
    private var isInTransaction = false
    /// Whether the log holds traces that were to be erased.
    private var owesErasure = false

    let logger: Logger

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Starts the thread; ``open()`` opens the file, and ``shutdown()`` ends the thread.
    init(path: String, logger: Logger) {
        // The default interface to the file system, so that a command may read the catalog beside a server.
        configuration = ConnectionConfiguration(
            path: path, fileSystem: .unix, createIfMissing: true, synchronous: .full, logger: logger)
        self.logger = logger
    }

    /// Opens the file, makes it if there is none, and brings its tables up to date.
    func open() throws {
        do {
            openConnection = try makeConnection()
        } catch let error as SQLiteError {
            throw CatalogError.unavailable(error)
        }
    }

    private func makeConnection() throws -> Connection {
        let connection = try Connection.open(configuration, key: nil)
        do {
            // Overwrites deleted records with zeros. https://www.sqlite.org/pragma.html#pragma_secure_delete
            try connection.execute("PRAGMA secure_delete = ON")
            try CatalogSchema.migrate(connection)
            return connection
        } catch {
            _ = try? connection.close()
            throw error
        }
    }

    /// Closes the file; the log goes with it.
    func close() throws {
        try reporting { _ = try openConnection?.close() }
        openConnection = nil
    }

    /// Ends the thread. Called when nothing will call the catalog any more.
    nonisolated func shutdown() {
        executor.shutdown()
    }

    var connection: Connection {
        get throws {
            guard let openConnection else { throw SQLiteError(.misuse, message: "the catalog is closed") }
            // What fails for want of memory may have failed to roll back for the same reason.
            if !isInTransaction && openConnection.isInTransaction { try openConnection.execute("ROLLBACK") }
            return openConnection
        }
    }

    /// Runs `body` on the catalog without interruption by others.
    func run<Result: Sendable>(_ body: @Sendable (isolated Catalog) throws -> Result) rethrows -> Result {
        try body(self)
    }

    /// The same in one transaction, which is rolled back when `body` throws. Once it is committed, `afterwards` runs
    /// before anyone else sees the catalog: what the memory knows changes with what the disk knows.
    func transaction<Result: Sendable, Outcome: Sendable>(
        _ body: @Sendable (isolated Catalog) throws -> Result,
        afterwards: @Sendable (Result) -> Outcome
    ) throws -> Outcome {
        afterwards(try transaction(body))
    }

    /// The same without anything afterwards.
    func transaction<Result: Sendable>(_ body: @Sendable (isolated Catalog) throws -> Result) throws -> Result {
        var isCommitting = false
        do {
            let connection = try connection
            isInTransaction = true
            defer { isInTransaction = false }
            return try connection.transaction {
                let result = try body(self)
                isCommitting = true
                return result
            }
        } catch let error as SQLiteError {
            throw reported(isCommitting ? .commitFailed(error) : .unavailable(error))
        }
    }

    /// Moves the log into the database and empties it, so that it keeps no trace of what was overwritten.
    ///
    /// False if another process's reading prevents it now. Then, and when this throws, ``eraseLogIfOwed()`` will do it.
    @discardableResult
    func eraseLogOrRemember() throws -> Bool {
        owesErasure = true
        try reporting {
            do {
                _ = try connection.checkpoint(.truncate)
                owesErasure = false
            } catch let error as SQLiteError where error.code == .busy {}
        }
        return !owesErasure
    }

    /// Has the next ``eraseLogIfOwed()`` empty the log, for what was overwritten and need not be gone before an answer.
    func oweErasure() {
        owesErasure = true
    }

    /// Makes up for an erasure that was prevented or put off.
    func eraseLogIfOwed() throws {
        if owesErasure { try eraseLogOrRemember() }
    }

    /// Runs `body`. What SQLite reports goes to the log and leaves as ``CatalogError/unavailable(_:)``, other errors as
    /// they are.
    func reporting<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as SQLiteError {
            throw reported(.unavailable(error))
        }
    }

    private func reported(_ error: CatalogError) -> CatalogError {
        logger.error("the catalog cannot be used", metadata: ["error": "\(error)"])
        return error
    }
}
