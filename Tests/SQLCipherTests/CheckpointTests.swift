import Glibc
import SQLCipher
import Synchronization
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

    @Test("who is told of commits learns the length of the WAL, and SQLite's automatic checkpoint goes on")
    func commits() throws {
        try withDatabase { database throws in
            let length = Atomic<Int64>(0)
            let longest = Atomic<Int64>(0)
            let connection = try database.open {
                $0.synchronous = .normal
                $0.committed = { bytes in
                    length.store(bytes, ordering: .relaxed)
                    longest.max(bytes, ordering: .relaxed)
                }
            }
            try connection.execute("CREATE TABLE t(a)")
            var status = stat()
            for _ in 0..<1200 {
                try connection.run("INSERT INTO t VALUES (randomblob(5000))")
                if longest.load(ordering: .relaxed) == length.load(ordering: .relaxed) {
                    #expect(stat(database.path + "-wal", &status) == 0)
                    #expect(Int64(status.st_size) == length.load(ordering: .relaxed))
                }
            }
            // SQLite checkpoints at 1000 pages, and begins again at the front.
            #expect(longest.load(ordering: .relaxed) < 1010 * 4120)
            try connection.close()
        }
    }
}
