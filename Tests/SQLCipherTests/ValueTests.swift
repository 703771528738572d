import SQLCipher
import Testing

@Suite struct ValueTests {
    private static let values: [Value] = [
        .null, .integer(.min), .integer(.max), .integer(-1), .integer(0), .integer(1 << 53 + 1),
        .real(0.1), .real(1e16), .real(.infinity), .real(-.infinity), .real(.leastNonzeroMagnitude),
        .real(.greatestFiniteMagnitude), .text(""), .text("plain"), .text("a\u{0}b"), .text("\u{0}"),
        .text("👩‍👩‍👧‍👦 e\u{301} \u{e9}"), .textBytes([0xff, 0x00, 0xfe]), .textBytes([0xed, 0xa0, 0x80]),
        .blob([]), .blob([0]), .blob([0, 1, 2, 255]),
    ]

    @Test("every value comes back as it went in", arguments: values)
    func roundTrip(value: Value) throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT ?1", [value]) == value)
            try connection.execute("CREATE TABLE t(a)")
            try connection.run("INSERT INTO t VALUES (?)", [value])
            #expect(try connection.value("SELECT a FROM t") == value)
        }
    }

    @Test("a text comes back byte for byte, not only canonically equivalent")
    func normalization() throws {
        try withConnection { connection throws in
            for text in ["e\u{301}", "\u{e9}"] {
                guard case .text(let result) = try connection.value("SELECT ?1", [.text(text)]) else {
                    Issue.record("no text")
                    return
                }
                #expect(Array(result.utf8) == Array(text.utf8))
            }
        }
    }

    @Test("an empty blob, an empty text and NULL are three things")
    func emptyValues() throws {
        try withConnection { connection throws in
            let row = try connection.firstRow(
                "SELECT typeof(?1), typeof(?2), typeof(?3)", [.blob([]), .text(""), .null])
            #expect(row == ["blob", "text", "null"])
        }
    }

    @Test("SQLite stores NaN as NULL")
    func notANumber() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT ?1", [.real(.nan)]) == .null)
        }
    }

    @Test("a text of 1 MiB comes back whole")
    func longText() throws {
        try withConnection { connection throws in
            let text = Value.text(String(repeating: "0123456789abcdé ", count: 61_681))
            try connection.execute("CREATE TABLE t(a)")
            try connection.run("INSERT INTO t VALUES (?)", [text])
            #expect(try connection.value("SELECT a FROM t") == text)
        }
    }

    @Test("a value over the limit is too big, by binding and by computing")
    func tooBig() throws {
        try withConnection(adjusted: { $0.limits.valueBytes = 1 << 20 }) { connection throws in
            let count = 1 << 20 + 1
            for value in [Value.blob([UInt8](repeating: 1, count: count)), .text(String(repeating: "x", count: count))]
            {
                let error = #expect(throws: SQLiteError.self) { try connection.value("SELECT ?", [value]) }
                #expect(error?.code == .tooBig)
            }
            let error = #expect(throws: SQLiteError.self) { try connection.value("SELECT zeroblob(1048577)") }
            #expect(error?.code == .tooBig)
            #expect(try connection.value("SELECT length(zeroblob(1048576))") == 1_048_576)
        }
    }

    @Test("columns are read in place, with names and declared types")
    func columns() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, b BLOB); INSERT INTO t VALUES (7, x'0102')")
            try connection.withStatement("SELECT id, b, b, id + 1, NULL FROM t") { statement throws in
                #expect(try statement.step())
                #expect(statement.columnCount == 5)
                let names = (0..<5).map { String(decoding: statement.columnName($0), as: UTF8.self) }
                #expect(names == ["id", "b", "b", "id + 1", "NULL"])
                let types = (0..<5).map { statement.columnDeclaredType($0).map { String(decoding: $0, as: UTF8.self) } }
                #expect(types == ["INTEGER", "BLOB", "BLOB", nil, nil])
                guard case .blob(let bytes) = try statement.column(1) else {
                    Issue.record("no blob")
                    return
                }
                #expect(bytes.elementsEqual([1, 2]))
                guard case .null = try statement.column(4) else {
                    Issue.record("no NULL")
                    return
                }
            }
        }
    }

    @Test("a blob over a limit is not read, nor made of zeros") func limitedBlob() throws {
        try withConnection { connection throws in
            try connection.withStatement("SELECT zeroblob(1000000), x'0102', 'text'") { statement throws in
                #expect(try statement.step())
                let row = statement.currentRow
                #expect(row.columnCount == 3)
                #expect(try row.column(0, blobUpTo: 999_999).map { Value($0) } == nil)
                #expect(try row.column(1, blobUpTo: 1).map { Value($0) } == nil)
                #expect(try row.column(1, blobUpTo: 2).map { Value($0) } == .blob([1, 2]))
                #expect(try row.column(2, blobUpTo: 0).map { Value($0) } == .text("text"))
                let zeros = Value.blob(Array(repeating: 0, count: 1_000_000))
                #expect(try row.column(0, blobUpTo: 1_000_000).map { Value($0) } == zeros)
            }
        }
    }

    @Test("literals make values")
    func literals() {
        let values: [Value] = [nil, 1, 1.5, "a"]
        #expect(values == [.null, .integer(1), .real(1.5), .text("a")])
    }
}
