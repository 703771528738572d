import SQLCipher
import Testing

@Suite struct SQLiteErrorTests {
    @Test("a primary code matches its extended codes, an extended one only itself")
    func matching() {
        let unique = SQLiteCode(rawValue: 2067)
        #expect(SQLiteCode.constraint ~= unique)
        #expect(!(unique ~= SQLiteCode.constraint))
        #expect(unique ~= unique)
        #expect(!(SQLiteCode.busy ~= unique))
    }

    @Test("codes have SQLite's names")
    func names() {
        #expect(SQLiteCode(rawValue: 0).name == "SQLITE_OK")
        #expect(SQLiteCode(rawValue: 19).name == "SQLITE_CONSTRAINT")
        #expect(SQLiteCode(rawValue: 2067).name == "SQLITE_CONSTRAINT_UNIQUE")
        #expect(SQLiteCode(rawValue: 517).name == "SQLITE_BUSY_SNAPSHOT")
        #expect(SQLiteCode(rawValue: 26).name == "SQLITE_NOTADB")
        #expect(SQLiteCode(rawValue: 77_777).name == "SQLITE_CODE_77777")
        #expect(SQLiteCode.readOnlyFileMoved.name == "SQLITE_READONLY_DBMOVED")
    }

    @Test("an error that is printed shows its code and not its message")
    func description() {
        let error = SQLiteError(SQLiteCode(rawValue: 2067), message: "UNIQUE constraint failed: t.secret", offset: 3)
        #expect("\(error)" == "SQLITE_CONSTRAINT_UNIQUE")
        #expect(error.code == .constraint)
        #expect(String(reflecting: error).contains("t.secret"))
    }

    @Test(
        "broken connections are told from bad data",
        arguments: [
            (26, true), (11, true), (10, true), (3338, true), (14, true), (7, true), (1, false), (5, false), (6, false),
            (8, false), (9, false), (13, false), (18, false), (19, false), (23, false),
        ] as [(Int32, Bool)])
    func broken(code: Int32, isBroken: Bool) {
        #expect(SQLiteError(SQLiteCode(rawValue: code), message: "").isConnectionBroken == isBroken)
    }
}
