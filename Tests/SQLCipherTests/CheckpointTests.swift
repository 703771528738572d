import Glibc
import SQLCipher
import Testing

@Suite struct CheckpointTests {
    @Test("a passive checkpoint moves everything, a truncating one also empties the WAL")
    func checkpoint() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            let result = try connection.checkpoint(.passive)
            #expect(result.walFrames > 0)
            #expect(result.checkpointedFrames == result.walFrames)
            #expect(try connection.checkpoint(.truncate).walFrames == 0)
            var status = stat()
            #expect(stat(database.path + "-wal", &status) == 0)
            #expect(status.st_size == 0)
            try connection.close()
        }
    }

    @Test("a truncating checkpoint beside a reader is busy at once, though the busy timeout is long")
    func besideReader() throws {
        try withDatabase { database throws in
            let writer = try database.open { $0.busyTimeout = .seconds(600) }
            try writer.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            let reader = try database.open()
            try reader.execute("BEGIN; SELECT * FROM t")
            try writer.run("INSERT INTO t VALUES (2)")
            let error = #expect(throws: SQLiteError.self) { try writer.checkpoint(.truncate) }
            #expect(error?.code == .busy)
            let result = try writer.checkpoint(.passive)
            #expect(result.checkpointedFrames < result.walFrames)
            #expect(reader.reset() == .asNew)
            _ = try writer.checkpoint(.truncate)
            try reader.close()
            try writer.close()
        }
    }
}
