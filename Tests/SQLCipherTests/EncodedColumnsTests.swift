import SQLCipher
import Testing

@Suite struct EncodedColumnsTests {
    private let sql = "SELECT * FROM t"

    /// Runs the statement: what was kept of its columns. If nothing was, `text` is kept now.
    private func columns(on connection: Connection, otherwise text: String) throws -> String? {
        try connection.withStatement(sql) { statement in
            _ = try statement.step()
            if let kept = statement.encodedColumns { return String(decoding: kept, as: UTF8.self) }
            Array(text.utf8).withUnsafeBytes { statement.keep(encodedColumns: $0) }
            return nil
        }
    }

    @Test("what was made of the columns is kept while the statement is cached")
    func kept() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a INTEGER)")
            #expect(try columns(on: connection, otherwise: "first") == nil)
            #expect(try columns(on: connection, otherwise: "second") == "first")
            connection.authorizer = PreparationCounter()
            #expect(try columns(on: connection, otherwise: "third") == nil, "it was compiled anew")
        }
    }

    @Test(
        "a column that another connection has changed is not what was kept",
        arguments: [
            "ALTER TABLE t RENAME COLUMN a TO b", "DROP TABLE t; CREATE TABLE t(a TEXT)", "ALTER TABLE t ADD COLUMN b",
        ])
    func changed(change: String) throws {
        try withDatabase { database throws in
            let other = try database.open()
            try other.execute("CREATE TABLE t(a INTEGER)")
            let connection = try database.open()
            #expect(try columns(on: connection, otherwise: "old") == nil)
            #expect(try columns(on: connection, otherwise: "new") == "old")
            try other.execute(change)
            #expect(try columns(on: connection, otherwise: "new") == nil)
            #expect(try columns(on: connection, otherwise: "newer") == "new")
            try connection.close()
            try other.close()
        }
    }

    @Test("much is not kept")
    func long() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            let longest = String(repeating: "x", count: Statement.longestEncodedColumns)
            for _ in 0..<2 { #expect(try columns(on: connection, otherwise: longest + "x") == nil) }
            #expect(try columns(on: connection, otherwise: longest) == nil)
            #expect(try columns(on: connection, otherwise: "") == longest)
        }
    }
}
