import CofferTesting
import SQLCipher
import Testing

@testable import Backups

@Suite("Columns of a table that is copied")
struct TableColumnsTests {
    /// Stands for whatever keeps a statement from being compiled.
    private struct RefusingRowNumbers: StatementAuthorizer {
        func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision {
            action.operation == .read && action.secondArgument == "ROWID" ? .deny : .allow
        }
    }

    private func columns(
        _ statement: String, authorizer: (any StatementAuthorizer)? = nil
    ) throws -> TableColumns {
        try withTemporaryDirectory { directory in
            let connection = try Connection.open(
                ConnectionConfiguration(path: directory.file("t.db"), createIfMissing: true, authorizer: authorizer),
                key: nil)
            defer { _ = try? connection.close() }
            try connection.execute(statement)
            return try TableColumns(of: "t", on: connection)
        }
    }

    @Test("the numbers of rows are copied where there are any")
    func numbers() throws {
        #expect(try columns("CREATE TABLE t(a, b)").list == "rowid, \"a\", \"b\"")
        #expect(try columns("CREATE TABLE t(a PRIMARY KEY, b) WITHOUT ROWID").list == "\"a\", \"b\"")
    }

    @Test("a table of which it cannot be found out is not copied without them")
    func unknown() throws {
        let error = #expect(throws: SQLiteError.self) {
            try columns("CREATE TABLE t(a, b)", authorizer: RefusingRowNumbers())
        }
        #expect(error?.code == .authorization)
    }
}
