import Benchmark
import CofferTesting
import SQLCipher

func statementBenchmarks() {
    let sql = "SELECT id, title FROM notes WHERE id = 17"
    Benchmark("statement: from the cache of 32", configuration: fewSamples) { benchmark in
        try withNotes(statementCacheCapacity: 32) { connection in
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { try connection.statement(sql).finish() }
            benchmark.stopMeasurement()
        }
    }
    Benchmark("statement: prepared each time", configuration: fewSamples) { benchmark in
        try withNotes(statementCacheCapacity: 0) { connection in
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { try connection.statement(sql).finish() }
            benchmark.stopMeasurement()
        }
    }
    Benchmark("statement: point SELECT, from the cache", configuration: fewSamples) { benchmark in
        try withNotes(statementCacheCapacity: 32) { connection in
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations { try connection.withStatement(sql) { blackHole(try $0.step()) } }
            benchmark.stopMeasurement()
        }
    }
}

/// A connection to an encrypted database with a table, and a cache as full as that of a user with many statements.
private func withNotes(statementCacheCapacity: Int, _ body: (Connection) throws -> Void) throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let configuration = ConnectionConfiguration(
        path: directory.file("notes.db"), createIfMissing: true, statementCacheCapacity: statementCacheCapacity)
    let key = [UInt8](repeating: 7, count: 48)
    let connection = try key.withUnsafeBytes { try Connection.open(configuration, key: $0) }
    defer { _ = try? connection.close() }
    try connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL)")
    try connection.execute("INSERT INTO notes VALUES (17, 'a title')")
    for number in 0..<statementCacheCapacity { try connection.statement("SELECT \(number)").finish() }
    try body(connection)
}
