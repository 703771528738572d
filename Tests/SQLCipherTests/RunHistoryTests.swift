import Testing

@testable import SQLCipher

@Suite struct RunHistoryTests {
    @Test("one quick run is enough, but after a slow one many are needed") func row() {
        var history = RunHistory()
        #expect(!history.isQuick)
        history.record(RunHistory.quickRun)
        #expect(!history.isQuick, "neither quick nor slow")
        history.record(.microseconds(5))
        #expect(history.isQuick)
        history.record(RunHistory.quickRun)
        #expect(history.isQuick, "neither quick nor slow")
        history.record(RunHistory.slowRun)
        #expect(!history.isQuick)
        for _ in 1..<RunHistory.expectedAfter { history.record(.zero) }
        #expect(!history.isQuick)
        history.record(.zero)
        #expect(history.isQuick)
    }

    @Test("a cached statement keeps its history, and one compiled anew has none") func cached() throws {
        try withConnection { connection in
            #expect(!isCached("SELECT 1", on: connection))
            try connection.withStatement("SELECT 1") { statement in
                statement.history.record(.zero)
            }
            let use: Void? = try withCached("SELECT 1", on: connection) { cached throws in
                #expect(cached.history.isQuick)
                #expect(!isCached("SELECT 1", on: connection), "it is out")
                try connection.withStatement("SELECT 1") { #expect(!$0.history.isQuick) }
            }
            #expect(use != nil)
        }
    }

    private func isCached(_ sql: String, on connection: Connection) -> Bool {
        withCached(sql, on: connection) { _ in } != nil
    }

    private func withCached<Result>(
        _ sql: String, on connection: Connection, _ body: (borrowing Statement) throws -> Result
    ) rethrows -> Result? {
        try sql.withUTF8Bytes { sql in
            guard let statement = connection.cachedStatement(utf8: sql) else { return nil }
            defer { statement.finish() }
            return try body(statement)
        }
    }
}
