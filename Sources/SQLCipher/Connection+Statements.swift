import CSQLCipher
import Glibc

extension Connection {
    /// The one statement that `sql` consists of, from the cache or compiled. End it with ``Statement/finish()``.
    ///
    /// - Throws: ``StatementError`` if it is not one statement, ``SQLiteError`` if it does not compile or the
    ///   authorizer refuses it.
    public func statement(_ sql: some StatementText) throws -> Statement {
        Statement(try sql.withUTF8Bytes(lend), of: self)
    }

    /// The same from the text's bytes, which are copied if the statement is cached.
    public func statement(utf8 sql: UnsafeBufferPointer<UInt8>) throws -> Statement {
        Statement(try lend(sql), of: self)
    }

    private func lend(_ sql: UnsafeBufferPointer<UInt8>) throws -> PreparedStatement {
        let handle = try openHandle()
        finalizeDeferred()
        if let cached = compiled.lend(sql) { return cached }
        let prepared = try prepare(sql, on: handle)
        compiled.lend(prepared)
        return prepared
    }

    /// The statement with this text if it lies in the cache: nothing is compiled.
    public func cachedStatement(utf8 sql: UnsafeBufferPointer<UInt8>) -> Statement? {
        guard let cached = compiled.lend(sql) else { return nil }
        HandleMemory.prefetch(statement: cached.handle)
        return Statement(cached, of: self)
    }

    /// Runs `body` with a statement and ends the statement after it.
    public func withStatement<Result>(_ sql: some StatementText, _ body: (borrowing Statement) throws -> Result) throws
        -> Result
    {
        let statement = try statement(sql)
        defer { statement.finish() }
        return try body(statement)
    }

    /// Runs SQL of our own, any number of statements, whatever rows they give. The authorizer's policy is not asked,
    /// and no interruption or deadline is looked at before it starts.
    public func execute(_ sql: String) throws(SQLiteError) {
        let handle = try openHandle()
        finalizeDeferred()
        authorization.isTrusted = true
        defer { authorization.isTrusted = false }
        let result = sqlite3_exec(handle, sql, nil, nil, nil)
        guard result == SQLITE_OK else { throw error(result) }
    }

    /// The first column of the first row of one statement of our own, as text; nil for no row and for NULL.
    func ownText(_ sql: String) throws(SQLiteError) -> String? {
        let handle = try openHandle()
        authorization.isTrusted = true
        defer { authorization.isTrusted = false }
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        var result = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
        if result == SQLITE_OK { result = sqlite3_step(statement) }
        switch result {
        case SQLITE_ROW:
            if let text = sqlite3_column_text(statement, 0) { return String(cString: text) }
            // A number that could not be turned into text looks like NULL.
            // https://www.sqlite.org/c3ref/column_blob.html
            guard sqlite3_errcode(handle) & 0xff != SQLITE_NOMEM else { throw error(SQLITE_NOMEM) }
            return nil
        case SQLITE_DONE: return nil
        default: throw error(result)
        }
    }

    private func prepare(
        _ sql: UnsafeBufferPointer<UInt8>, on handle: OpaquePointer
    ) throws -> PreparedStatement {
        guard let start = sql.baseAddress, !sql.isEmpty else { throw StatementError.empty }
        if let nul = memchr(start, 0, sql.count) {
            throw StatementError.nulCharacter(offset: UnsafeRawPointer(nul) - UnsafeRawPointer(start))
        }
        var statement: OpaquePointer?
        var tail: UnsafePointer<CChar>?
        authorization.beginPreparing()
        let result = start.withMemoryRebound(to: CChar.self, capacity: sql.count) {
            sqlite3_prepare_v2(handle, $0, Int32(clamping: sql.count), &statement, &tail)
        }
        let facts = authorization.endPreparing()
        // Some pragmas act when they are prepared, and even if the preparation fails after that.
        residue.formUnion(facts.intersection(.residual))
        guard result == SQLITE_OK else { throw preparationError(result) }
        guard let statement else { throw StatementError.empty }
        let end = UnsafeRawPointer(tail!) - UnsafeRawPointer(start)
        if let offset = SQLText.firstMeaningfulByte(in: sql, from: end) {
            sqlite3_finalize(statement)
            throw StatementError.multiple(offset: offset)
        }
        let key = compiled.keeps(sql) ? StatementKey(sql) : nil
        return PreparedStatement(handle: statement, facts: facts, key: key)
    }

    /// Lets a statement begin that does this, unless the connection's work is to be stopped.
    func begin(_ facts: StatementFacts) throws(SQLiteError) {
        try limit.check()
        residue.formUnion(facts.intersection(.residual))
    }

    /// Takes back a statement that its user has finished with.
    func takeBack(_ prepared: PreparedStatement) {
        prepared.clear()
        if let unneeded = compiled.takeBack(prepared) { sqlite3_finalize(unneeded) }
    }

    /// Finalizes the statements that were dropped without ``Statement/finish()``, on whatever thread. Every call that
    /// prepares a statement does this first.
    public func finalizeDeferred() {
        guard deferred.isWaiting else { return }
        for dropped in deferred.takeAll() {
            compiled.removeLent(dropped.pointer)
            sqlite3_finalize(dropped.pointer)
        }
    }

    /// A refusal makes every preparation fail, but not always with `SQLITE_AUTH`: for a function it is `SQLITE_ERROR`.
    private func preparationError(_ result: Int32) -> SQLiteError {
        authorization.refusal.map(SQLiteError.init(refusal:)) ?? error(result)
    }

    /// The error for a result of the last call on the handle.
    func error(_ result: Int32) -> SQLiteError {
        if result & 0xff == SQLITE_AUTH, let refusal = authorization.refusal { return SQLiteError(refusal: refusal) }
        guard result & 0xff == SQLITE_INTERRUPT else { return SQLiteError(result, on: handle) }
        return SQLiteError(result, on: handle, interruption: limit.interruption ?? .requested)
    }
}
