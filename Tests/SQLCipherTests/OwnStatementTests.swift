import SQLCipher
import Testing

@Suite("Statements of our own that stay compiled")
struct OwnStatementTests {
    @Test("they run as often as they are asked to, whatever the policy says, also after a change of the schema")
    func again() throws {
        try withConnection(adjusted: { $0.authorizer = Refusal() }) { connection throws in
            try connection.execute("CREATE TABLE t (v)")
            for column in ["a", "b", "c"] {
                try connection.executeKept("BEGIN")
                #expect(connection.isInTransaction)
                try connection.executeKept("INSERT INTO t (v) VALUES (1)")
                try connection.executeKept("COMMIT")
                #expect(!connection.isInTransaction)
                try connection.execute("ALTER TABLE t ADD COLUMN \(column)")
            }
            #expect(connection.totalChanges == 3)
            #expect(throws: SQLiteError.self) { _ = try connection.statement("SELECT * FROM t") }
        }
    }

    @Test("an error is theirs, and the next run begins anew") func errors() throws {
        try withConnection { connection throws in
            for _ in 0..<2 {
                let error = #expect(throws: SQLiteError.self) { try connection.executeKept("COMMIT") }
                #expect(error?.message == "cannot commit - no transaction is active")
            }
            #expect(throws: SQLiteError.self) { try connection.executeKept("RELEASE nothing") }
            #expect(throws: SQLiteError.self) { try connection.executeKept("no statement") }
            try connection.executeKept("BEGIN")
            try connection.executeKept("COMMIT")
        }
    }

    @Test("a reset leaves them, and a close ends them") func life() throws {
        try withConnection { connection throws in
            try connection.executeKept("BEGIN")
            #expect(connection.reset() == .asNew)
            #expect(!connection.isInTransaction)
            try connection.executeKept("BEGIN")
            #expect(try connection.close() == [])
            #expect(throws: SQLiteError.self) { try connection.executeKept("BEGIN") }
        }
    }

    private struct Refusal: StatementAuthorizer {
        func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision { .deny }
    }
}
