import CSQLCipher
import Synchronization
import Timekeeping

/// One connection to a database file.
///
/// Sound as `@unchecked Sendable`: a connection has one user at a time, whoever hands it on makes the hand-over
/// synchronize. Only two things come from elsewhere, and both are locked: ``interrupt()``, and a ``Statement`` that is
/// dropped on another thread. Its calls block, so they are made from threads of our own.
public final class Connection: @unchecked Sendable {
    // What each use touches comes first, in as few lines of the cache as it takes.
    private let openedHandle: OpaquePointer
    /// Whether SQLite has closed the handle. Atomic because each look at a plain variable of an object is checked for
    /// another access at the same time, and this one is looked at often. See
    /// https://www.swift.org/blog/swift-5-exclusivity/.
    let isHandleClosed = Atomic(false)

    /// What statements have done since the last reset that a rollback does not undo.
    var residue: StatementFacts = []

    /// Nil until the connection is set up.
    var memory: HandleMemory?

    let limit: ProgressLimit
    var compiled: CompiledStatements
    let deferred = DeferredFinalization()
    var ownStatements = OwnStatements()
    let busyWait: BusyWait
    let authorization = Authorization()
    var commitHook: CommitHook?

    /// The handle as long as it may be interrupted.
    let interruptible: Mutex<InterruptibleHandle?>

    /// Called when the connection is interrupted, by whoever does it.
    let interruptionHandler = Mutex<(@Sendable () -> Void)?>(nil)

    /// What the connection was opened with.
    public let configuration: ConnectionConfiguration

    init(handle: OpaquePointer, configuration: ConnectionConfiguration) {
        openedHandle = handle
        self.configuration = configuration
        limit = ProgressLimit(progressed: configuration.progressed)
        busyWait = BusyWait(timeout: configuration.busyTimeout, limit: limit)
        compiled = CompiledStatements(capacity: configuration.statementCacheCapacity)
        authorization.policy = configuration.authorizer
        interruptible = Mutex(InterruptibleHandle(pointer: handle))
    }

    deinit {
        guard !isClosed else { return }
        configuration.logger.error("a connection was dropped without being closed")
        // The descriptors go either way; the error is logged where it arises.
        _ = try? close()
    }

    /// Whether ``close()`` has succeeded.
    public var isClosed: Bool { isHandleClosed.load(ordering: .relaxed) }

    /// Nil once closed.
    var handle: OpaquePointer? { isClosed ? nil : openedHandle }

    /// The policy for statements; nil allows everything. A change empties the statement cache.
    public var authorizer: (any StatementAuthorizer)? {
        get { authorization.policy }
        set {
            authorization.policy = newValue
            for statement in compiled.removeAllIdle() { sqlite3_finalize(statement) }
        }
    }

    func openHandle() throws(SQLiteError) -> OpaquePointer {
        guard let handle else { throw .closed }
        return handle
    }
}

extension Connection {
    /// Whether a transaction is open. See https://www.sqlite.org/c3ref/get_autocommit.html.
    public var isInTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }

    /// Rows that the last completed INSERT, UPDATE or DELETE changed, without those of triggers.
    public var changes: Int64 { handle.map { sqlite3_changes64($0) } ?? 0 }

    /// Rows changed since the connection was opened, with those of triggers.
    public var totalChanges: Int64 { handle.map { sqlite3_total_changes64($0) } ?? 0 }

    /// The rowid of the last successful INSERT since the last ``reset()``; 0 if there was none.
    public var lastInsertRowID: Int64 { handle.map { sqlite3_last_insert_rowid($0) } ?? 0 }

    /// Forgets the rowid of the last INSERT, as for a new use.
    public func forgetLastInsertRowID() {
        if let handle { sqlite3_set_last_insert_rowid(handle, 0) }
    }

    /// Whether rows of the open transaction violate a foreign key that is looked at when it is committed.
    /// See https://www.sqlite.org/c3ref/c_dbstatus_options.html#sqlitedbstatusdeferredfks.
    public var hasUnresolvedForeignKeys: Bool {
        var unresolved: Int32 = 0
        var highest: Int32 = 0
        guard let handle,
            sqlite3_db_status(handle, SQLITE_DBSTATUS_DEFERRED_FKS, &unresolved, &highest, 0) == SQLITE_OK
        else { return true }
        return unresolved != 0
    }

    /// Whether the file was renamed, removed or replaced since the connection opened it.
    /// See https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html#sqlitefcntlhasmoved.
    public var hasFileMoved: Bool {
        var hasMoved: Int32 = 0
        guard let handle, sqlite3_file_control(handle, nil, SQLITE_FCNTL_HAS_MOVED, &hasMoved) == SQLITE_OK else {
            return false
        }
        return hasMoved != 0
    }

    /// Reads from the file, as a proof that key and file are what they were; throws also if the path names another
    /// file.
    public func check() throws(SQLiteError) {
        guard !hasFileMoved else {
            throw SQLiteError(.readOnlyFileMoved, message: "the database file was replaced")
        }
        _ = try ownText("SELECT count(*) FROM sqlite_schema")
    }
}

/// The handle that another thread may interrupt.
///
/// Sound as `@unchecked Sendable`: used only under the lock that it is in, which the closing of the handle takes too.
struct InterruptibleHandle: @unchecked Sendable {
    let pointer: OpaquePointer
}
