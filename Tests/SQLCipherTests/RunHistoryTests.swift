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
            #expect(cachedStatement("SELECT 1", on: connection) == nil)
            try connection.withStatement("SELECT 1") { statement in
                statement.history.record(.zero)
            }
            let cached = try #require(cachedStatement("SELECT 1", on: connection))
            defer { cached.finish() }
            #expect(cached.history.isQuick)
            #expect(cachedStatement("SELECT 1", on: connection) == nil, "it is out")
            try connection.withStatement("SELECT 1") { #expect(!$0.history.isQuick) }
        }
    }

    private func cachedStatement(_ sql: String, on connection: Connection) -> Statement? {
        sql.withUTF8Bytes { connection.cachedStatement(utf8: $0) }
    }
}
