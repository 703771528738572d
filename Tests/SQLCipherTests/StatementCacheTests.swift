import CSQLCipher
import SQLCipher
import Testing

@Suite struct StatementCacheTests {
    @Test("a finished statement is used again, one in use is not")
    func reuse() throws {
        try withConnection { connection throws in
            let first = try connection.statement("SELECT 1")
            let second = try connection.statement("SELECT 1")
            #expect(try first.step())
            #expect(try second.step())
            first.finish()
            #expect(try second.row() == [1])
            second.finish()
            let counter = PreparationCounter()
            connection.authorizer = counter
            try connection.withStatement("SELECT 1") { _ in }
            try connection.withStatement("SELECT 1") { _ in }
            #expect(counter.selects == 1)
        }
    }

    @Test("the least recently used statement goes first")
    func eviction() throws {
        let counter = PreparationCounter()
        try withConnection(adjusted: {
            $0.statementCacheCapacity = 2
            $0.authorizer = counter
        }) { connection throws in
            for sql in ["SELECT 1", "SELECT 2", "SELECT 1", "SELECT 3"] { _ = try connection.value(sql) }
            #expect(counter.selects == 3)
            _ = try connection.value("SELECT 1")
            #expect(counter.selects == 3)
            _ = try connection.value("SELECT 2")
            #expect(counter.selects == 4)
        }
    }

    @Test("a cache without capacity keeps nothing, and a long text is not kept")
    func uncached() throws {
        let counter = PreparationCounter()
        try withConnection(adjusted: {
            $0.statementCacheCapacity = 0
            $0.authorizer = counter
        }) { connection throws in
            for _ in 0..<2 { _ = try connection.value("SELECT 1") }
            #expect(counter.selects == 2)
        }
        try withConnection { connection throws in
            connection.authorizer = counter
            let sql = "SELECT 1 --" + String(repeating: "x", count: 16 * 1024)
            for _ in 0..<2 { _ = try connection.value(sql) }
            #expect(counter.selects == 4)
        }
    }

    @Test("canonically equivalent texts are two statements")
    func normalization() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT length('e\u{301}')") == 2)
            #expect(try connection.value("SELECT length('\u{e9}')") == 1)
        }
    }

    @Test("a cached statement sees a changed schema, and its columns after the first step")
    func schemaChange() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            #expect(try connection.firstRow("SELECT * FROM t") == [1])
            try connection.execute("ALTER TABLE t ADD COLUMN b DEFAULT 2")
            #expect(try connection.firstRow("SELECT * FROM t") == [1, 2])
            try connection.execute("DROP TABLE t")
            let error = #expect(throws: SQLiteError.self) { try connection.firstRow("SELECT * FROM t") }
            #expect(error?.code == .error)
        }
    }

    @Test("a running statement that is finished no longer holds its table")
    func finishedStatementHoldsNothing() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            let statement = try connection.statement("SELECT a FROM t")
            #expect(try statement.step())
            statement.finish()
            try connection.execute("DROP TABLE t")
        }
    }

    @Test("after the end a statement stays at the end until it is reset")
    func end() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            try connection.withStatement("INSERT INTO t VALUES (1)") { statement throws in
                #expect(try !statement.step())
                #expect(try !statement.step())
                #expect(connection.totalChanges == 1)
                statement.reset()
                #expect(try !statement.step())
                #expect(connection.totalChanges == 2)
            }
        }
    }

    @Test("a finished statement refuses to be used")
    func finished() throws {
        try withConnection { connection throws in
            let statement = try connection.statement("SELECT ?1")
            statement.finish()
            statement.finish()
            let isEnded = statement.isEnded
            #expect(isEnded)
            for use in [{ _ = try statement.step() }, { try statement.bind(1, at: 1) }, { try statement.bind([1]) }] {
                let error = #expect(throws: SQLiteError.self, performing: use)
                #expect(error?.code == .misuse)
            }
        }
    }

    @Test("a finished statement does not act on the next use of what it was compiled to")
    func finishedAndLentAgain() throws {
        try withConnection { connection throws in
            let first = try connection.statement("SELECT ?1")
            first.finish()
            let second = try connection.statement("SELECT ?1")
            try second.bind([2])
            #expect(try second.step())
            first.reset()
            first.finish()
            for use in [{ _ = try first.step() }, { try first.bind(1, at: 1) }] {
                let error = #expect(throws: SQLiteError.self, performing: use)
                #expect(error?.code == .misuse)
            }
            #expect(try second.row() == [2])
            #expect(try !second.step())
            second.finish()
            let third = try connection.statement("SELECT ?1")
            #expect(try third.step(), "it begins anew")
            third.finish()
        }
    }

    @Test("rows visited by full scans are counted for each use")
    func fullscanSteps() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, a); INSERT INTO t(a) VALUES (1), (2), (3)")
            for _ in 0..<2 {
                try connection.withStatement("SELECT count(*) FROM t WHERE a > 1") { statement throws in
                    #expect(try statement.step())
                    #expect(statement.fullscanSteps == 2)
                }
            }
            try connection.withStatement("SELECT a FROM t WHERE id = 2") { statement throws in
                #expect(try statement.step())
                #expect(statement.fullscanSteps == 0)
            }
        }
    }

    @Test("an error resets the statement, which can be used again")
    func afterError() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES (1)")
            try connection.withStatement("INSERT INTO t VALUES (?1)") { statement throws in
                try statement.bind([1])
                let error = #expect(throws: SQLiteError.self) { try statement.step() }
                #expect(error?.extendedCode.name == "SQLITE_CONSTRAINT_UNIQUE")
                #expect(error?.isConnectionBroken == false)
                try statement.bind([2])
                #expect(try !statement.step())
            }
        }
    }
}
