import CSQLCipher
import Synchronization

/// One compiled statement, lent by its ``Connection``, to be ended with ``finish()``.
///
/// It cannot be copied, and knows when it is finished: from then on it does nothing to the compiled statement, which
/// may have its next user.
///
/// Sound as `@unchecked Sendable`: it belongs to the connection's use and is only used by the connection's one user;
/// its deinitializer, which may run anywhere, does nothing but put the handle into the connection's locked queue.
public struct Statement: ~Copyable, @unchecked Sendable {
    /// The connection that runs the statement.
    public let connection: Connection

    let prepared: PreparedStatement
    private let generation: Int
    private let isFinished = Atomic(false)

    init(_ prepared: PreparedStatement, of connection: Connection) {
        self.prepared = prepared
        self.connection = connection
        generation = connection.deferred.generation
    }

    deinit {
        guard !isFinished.load(ordering: .relaxed) else { return }
        connection.deferred.append(StatementHandle(pointer: prepared.handle), generation: generation)
    }

    /// Whether the statement can no longer be used: finished, or ended with the use of its connection.
    public var isEnded: Bool {
        isFinished.load(ordering: .relaxed) || generation != connection.deferred.generation
    }

    /// Gives the statement back. Its rows' bytes are invalid then; doing it again is fine.
    public func finish() {
        guard !isEnded else { return }
        isFinished.store(true, ordering: .relaxed)
        connection.takeBack(prepared)
    }

    /// Runs until the next row: true if there is one, false at the end, and from then on until ``reset()``.
    ///
    /// - Throws: the statement's error; it is reset then. ``SQLiteCode/interrupt`` before the first step too, if the
    ///   connection was interrupted or its deadline has passed.
    public func step() throws(SQLiteError) -> Bool {
        let handle = try usableHandle()
        switch prepared.progress {
        case .done: return false
        case .running: break
        case .ready: try begin()
        }
        let result = sqlite3_step(handle)
        switch result {
        case SQLITE_ROW: return true
        case SQLITE_DONE:
            prepared.progress = .done
            return false
        default:
            let error = connection.error(result)
            prepared.reset()
            throw error
        }
    }

    /// Runs on to the end, if it has begun. A statement that writes has done so before its first row, but it commits at
    /// its end, and only a step tells whether that failed. See https://www.sqlite.org/lang_returning.html.
    public func runToEnd() throws(SQLiteError) {
        while prepared.progress == .running, try step() {}
    }

    private func begin() throws(SQLiteError) {
        try connection.begin(prepared.facts)
        prepared.progress = .running
    }

    /// Makes the statement ready to run again with the arguments it has.
    public func reset() {
        guard !isEnded else { return }
        prepared.reset()
    }

    func usableHandle() throws(SQLiteError) -> OpaquePointer {
        guard !isEnded else { throw .statementEnded }
        return prepared.handle
    }

    /// For what cannot fail but by a defect of the caller.
    var handle: OpaquePointer {
        precondition(!isEnded, "a statement was used after its end")
        return prepared.handle
    }
}

extension Statement {
    /// What the statement does.
    public var facts: StatementFacts { prepared.facts }

    /// How long it took lately; what is recorded here lasts as long as the statement is cached.
    public var history: RunHistory {
        get { prepared.history }
        nonmutating set { prepared.history = newValue }
    }

    /// Whether it leaves the database file as it is; true also for `COMMIT`, `SAVEPOINT`, `ATTACH` and most pragmas.
    /// See https://www.sqlite.org/c3ref/stmt_readonly.html.
    public var isReadOnly: Bool { sqlite3_stmt_readonly(handle) != 0 }

    /// Whether it is `EXPLAIN` or `EXPLAIN QUERY PLAN`, which runs nothing.
    public var isExplain: Bool { sqlite3_stmt_isexplain(handle) != 0 }

    /// Rows visited by full table scans since the statement was handed out.
    public var fullscanSteps: Int { Int(sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0)) }

    /// The statement's own text, with parameters and not their values.
    public var sql: String { String(cString: sqlite3_sql(handle)) }
}
