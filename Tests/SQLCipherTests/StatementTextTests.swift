import SQLCipher
import Testing

@Suite struct StatementTextTests {
    @Test(
        "nothing but white space, comments and semicolons is no statement",
        arguments: ["", " \n\t", ";", ";;", "-- a comment", "/* a comment */", "/* open", " ; -- a\n ; /* b */ ;"])
    func empty(sql: String) throws {
        try withConnection { connection throws in
            #expect(throws: StatementError.empty) { _ = try connection.statement(sql) }
        }
    }

    @Test(
        "what follows one statement without meaning is fine",
        arguments: [
            "SELECT 1", "SELECT 1;", "SELECT 1 ; ", ";SELECT 1;;", "-- a\nSELECT 1 -- b",
            "/* a */ SELECT 1; /* b */ -- c",
            "SELECT 1; /* open", "SELECT 1; /* ** ; */ ;\u{c}\r\n", "SELECT 1; --", "SELECT 1; /**/",
        ])
    func single(sql: String) throws {
        try withConnection { connection throws in
            #expect(try connection.value(sql) == 1)
        }
    }

    @Test(
        "a second statement is refused, with its place",
        arguments: [
            ("SELECT 1; SELECT 2", 10), ("SELECT 1;SELECT 2", 9), ("SELECT 1; /* a */ nonsense", 18),
            ("SELECT 1; - 1", 10), ("SELECT 1; / 1", 10), ("SELECT 'é'; SELECT 2", 13), ("SELECT 1;-", 9),
            ("SELECT 1;/", 9),
        ])
    func multiple(sql: String, offset: Int) throws {
        try withConnection { connection throws in
            #expect(throws: StatementError.multiple(offset: offset)) { _ = try connection.statement(sql) }
        }
    }

    @Test("a pragma after a statement does not act")
    func secondStatementIsNotPrepared() throws {
        try withConnection { connection throws in
            #expect(throws: StatementError.multiple(offset: 10)) {
                _ = try connection.statement("SELECT 1; PRAGMA foreign_keys = OFF")
            }
            #expect(try connection.value("PRAGMA foreign_keys") == 1)
            #expect(connection.reset() == .asNew)
        }
    }

    @Test("a semicolon inside a literal, a name, a comment or a trigger ends nothing")
    func semicolons() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT ';' /* ; */ AS \"a;b\"") == ";")
            try connection.execute("CREATE TABLE t(a)")
            try connection.run("CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM t; SELECT 1; END")
        }
    }

    @Test("U+0000 is refused, because SQLite would end there")
    func nulCharacter() throws {
        try withConnection { connection throws in
            #expect(throws: StatementError.nulCharacter(offset: 8)) {
                _ = try connection.statement("SELECT 1\u{0}; DROP")
            }
        }
    }

    @Test(
        "a syntax error has its offset in bytes",
        arguments: [("SELEC 1", 0), ("SELECT 'é' FORM t", 17), ("SELECT a", 7)])
    func syntaxError(sql: String, offset: Int) throws {
        try withConnection { connection throws in
            let error = #expect(throws: SQLiteError.self) { _ = try connection.statement(sql) }
            #expect(error?.code == .error)
            #expect(error?.offset == offset, "\(error?.message ?? "")")
            #expect(error?.isConnectionBroken == false)
        }
    }

    @Test("SQL over the length limit is too big")
    func tooLong() throws {
        try withConnection(adjusted: { $0.limits.sqlBytes = 1000 }) { connection throws in
            let sql = "SELECT '" + String(repeating: "x", count: 1000) + "'"
            let error = #expect(throws: SQLiteError.self) { _ = try connection.statement(sql) }
            #expect(error?.code == .tooBig)
        }
    }

    @Test("a statement can be given as bytes")
    func bytes() throws {
        try withConnection { connection throws in
            let sql = Array("SELECT 'é'".utf8)
            try sql.withUnsafeBufferPointer { sql in
                let statement = try connection.statement(utf8: sql)
                #expect(try statement.step())
                #expect(try statement.row() == ["é"])
                statement.finish()
            }
        }
    }
}
