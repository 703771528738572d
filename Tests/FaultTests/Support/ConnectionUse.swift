import FaultInjection
import SQLCipher
import Synchronization

/// One connection to a sample, used as a pool would: reset after each use, and closed when it is broken.
final class ConnectionUse: Sendable {
    /// The row that ``proceed()`` writes.
    static let laterRow: Int64 = 1_000

    let sample: SampleDatabase
    private let connection = Mutex<Connection?>(nil)
    private let databasesBefore = SQLiteHoldings.now.databases

    init(_ sample: SampleDatabase) {
        self.sample = sample
    }

    func open() throws {
        let opened = try sample.open()
        connection.withLock { $0 = opened }
    }

    /// Runs `body` on the open connection and cleans up after it.
    func use(_ body: (Connection) throws -> Void) throws {
        guard let connection = connection.withLock({ $0 }) else { throw Broken("no connection is open") }
        var failure: (any Error)?
        do {
            try body(connection)
        } catch {
            failure = error
        }
        let isBroken = (failure as? SQLiteError)?.isConnectionBroken ?? false
        if isBroken || connection.reset() != .asNew {
            self.connection.withLock { $0 = nil }
            try connection.close()
        }
        if let failure { throw failure }
    }

    /// A failed use leaves no transaction, a failed open no file.
    func problems() -> [String] {
        let connection = connection.withLock { $0 }
        var problems: [String] = []
        if connection?.isInTransaction == true { problems.append("a transaction is open") }
        let databases = SQLiteHoldings.now.databases - databasesBefore
        if databases != (connection == nil ? 0 : 1) { problems.append("\(databases) databases are open") }
        return problems
    }

    /// Writes and reads, on the connection or on a new one.
    func proceed() throws {
        if connection.withLock({ $0 == nil }) { try open() }
        try use { connection in
            try SampleDatabase.insert([Self.laterRow], on: connection)
            _ = try SampleDatabase.checkedRows(on: connection)
        }
    }

    func close() throws {
        try connection.withLock { connection in
            try connection?.close()
            connection = nil
        }
    }

    /// Checks that the files hold the initial rows, those that were added, and the later one unless it came after the crash.
    func verify(_ end: End, added: [Int64]) throws {
        let rows = try SampleDatabase(path: end.directory + "/main.db").checkedRows()
        let expected = SampleDatabase.initialRows.union(added).union(end.isCrash ? [] : [Self.laterRow])
        try require(rows == expected, "rows \(rows.sorted()) instead of \(expected.sorted())")
    }

    /// Checks that the files hold what was committed.
    ///
    /// - Parameter mayBeThere: the commit was asked for and has failed. It may have reached the log before that: then all its
    ///   rows are there, otherwise none.
    func verify(_ end: End, committing rows: [Int64], mayBeThere: Bool) throws {
        guard end.error != nil else { return try verify(end, added: rows) }
        guard mayBeThere else { return try verify(end, added: []) }
        do { try verify(end, added: rows) } catch is Broken { try verify(end, added: []) }
    }
}
