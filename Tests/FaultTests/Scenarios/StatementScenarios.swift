import FaultInjection
import SQLCipher
import Synchronization
import Testing

extension FaultSuite {
    @Test("creating a schema")
    func schema() async throws { try await FaultRun<SchemaScenario>().run() }

    @Test("inserting in a transaction")
    func insert() async throws { try await FaultRun<InsertScenario>().run() }

    @Test("selecting")
    func select() async throws { try await FaultRun<SelectScenario>().run() }
}

/// Tables, an index and a view are made in one transaction.
private final class SchemaScenario: FaultScenario {
    static let name = "create a schema"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .indexLock]

    private let use: ConnectionUse
    private let isCommitting = Atomic(false)

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
        try use.open()
    }

    func run() throws {
        try use.use { connection in
            try connection.transaction {
                try connection.run("CREATE TABLE other (id INTEGER PRIMARY KEY, sample REFERENCES sample)")
                try connection.run("CREATE INDEX other_by_sample ON other (sample)")
                try connection.run("CREATE INDEX sample_by_value ON sample (value)")
                try connection.run("CREATE VIEW both AS SELECT * FROM sample JOIN other ON other.sample = sample.id")
                isCommitting.store(true, ordering: .relaxed)
            }
        }
    }

    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }

    func verify(_ end: End) throws {
        try use.verify(end, added: [])
        let connection = try SampleDatabase(path: end.directory + "/main.db").open()
        defer { _ = try? connection.close() }
        let count = try connection.firstRow("SELECT count(*) FROM sqlite_schema")
        let isThere = count == [.integer(5)]
        try require(isThere || count == [.integer(1)], "a part of the schema is there: \(String(describing: count))")
        if end.error == nil { try require(isThere, "the schema is not there") }
        if !isCommitting.load(ordering: .relaxed) { try require(!isThere, "the schema is there without a commit") }
    }
}

/// Rows are inserted in one transaction.
private final class InsertScenario: FaultScenario {
    static let name = "insert in a transaction"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .indexLock]

    private static let newRows: [Int64] = [41, 42, 43, 44]
    private let use: ConnectionUse
    private let isCommitting = Atomic(false)

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
        try use.open()
    }

    func run() throws {
        try use.use { connection in
            try connection.transaction {
                try SampleDatabase.insert(Self.newRows, on: connection)
                isCommitting.store(true, ordering: .relaxed)
            }
        }
    }

    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }

    func verify(_ end: End) throws {
        try use.verify(end, committing: Self.newRows, mayBeThere: isCommitting.load(ordering: .relaxed))
    }
}

/// Rows are read in an order that has to be made, with large values, and with one that SQLite makes when it is asked for.
private struct SelectScenario: FaultScenario {
    static let name = "select"
    static let reached: Set<FaultKind> = [.memory, .read, .shortRead, .indexLock]

    private let use: ConnectionUse

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
        try use.open()
    }

    func run() throws {
        try use.use { connection in
            let rows = try connection.rows("SELECT id, value, bytes FROM sample ORDER BY value DESC, bytes")
            try require(rows.count == SampleDatabase.initialRows.count, "\(rows.count) rows were read")
            for row in rows {
                guard case .integer(let id) = row[0] else { throw Broken("a row without an id") }
                try require(row == SampleDatabase.row(id), "row \(id) was read wrongly")
            }
            let zeros = try connection.firstRow(
                "SELECT zeroblob(id * 2000), upper(value) FROM sample WHERE id = ?", [3])
            guard case .text(let text) = SampleDatabase.row(3)[1] else { return }
            try require(
                zeros == [.blob([UInt8](repeating: 0, count: 6_000)), .text(text.uppercased())],
                "values were made wrongly")
        }
    }

    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }
    func verify(_ end: End) throws { try use.verify(end, added: []) }
}
