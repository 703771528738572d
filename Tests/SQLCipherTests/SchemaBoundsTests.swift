import CofferTesting
import Testing
import Timekeeping

@testable import SQLCipher

@Suite("Bounds of a schema that nothing is believed of")
struct SchemaBoundsTests {
    private let later = SystemTime().now.advanced(by: .seconds(600))

    private func withViews(_ body: (TestDatabase) throws -> Void) throws {
        try withDatabase { database in
            let connection = try database.open()
            defer { _ = try? connection.close() }
            try connection.execute("BEGIN")
            for number in 1...500 {
                try connection.execute(
                    "CREATE VIEW v\(number) AS SELECT \(repeatElement("1", count: 400).joined(separator: "+"))")
            }
            try connection.execute("COMMIT")
            try connection.close()
            try body(database)
        }
    }

    @Test("a schema within its bounds is read")
    func within() throws {
        try withViews { database in
            let connection = try database.open { $0.schemaBounds = SchemaBounds(deadline: later) }
            defer { _ = try? connection.close() }
            #expect(try connection.value("SELECT count(*) FROM sqlite_schema") == .integer(500))
            #expect(try connection.value("SELECT 1") == .integer(1))
        }
    }

    @Test("a schema with too much text, or that takes too much memory, is refused", arguments: [true, false])
    func exceeded(byText: Bool) throws {
        try withViews { database in
            var bounds = SchemaBounds(deadline: later)
            if byText { bounds.textBytes = 100_000 } else { bounds.memoryBytes = 1 << 20 }
            let error = #expect(throws: SQLiteError.self) { try database.open { $0.schemaBounds = bounds } }
            #expect(error?.code == .tooBig)
        }
    }

    @Test("the last entry counts too")
    func last() throws {
        try withDatabase { database in
            let connection = try database.open()
            try connection.execute("CREATE VIEW v AS SELECT 1")
            try connection.close()
            var bounds = SchemaBounds(deadline: later)
            bounds.textBytes = 10
            let error = #expect(throws: SQLiteError.self) { try database.open { $0.schemaBounds = bounds } }
            #expect(error?.code == .tooBig)
        }
    }

    @Test("reading a schema ends at the deadline")
    func deadline() throws {
        try withViews { database in
            let error = #expect(throws: SQLiteError.self) {
                try database.open { $0.schemaBounds = SchemaBounds(deadline: SystemTime().now) }
            }
            #expect(error?.interruption == .deadline)
        }
    }
}
