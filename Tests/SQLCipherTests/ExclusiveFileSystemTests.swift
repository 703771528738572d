import CSQLCipher
import Glibc
import Synchronization
import Testing
import Workers

@testable import SQLCipher

@Suite struct ExclusiveFileSystemTests {
    @Test("a file's length is asked for once as long as nothing is written")
    func remembered() throws {
        try withConnection { connection in
            let path = connection.configuration.path
            try connection.execute("CREATE TABLE t(a)")
            _ = try connection.checkpoint(.truncate)
            let length = size(of: path)
            // Databases of other tests are written to meanwhile, after which every length is asked for again.
            var isRemembered = false
            for _ in 1...1000 where !isRemembered {
                let before = try connection.fileBytes()
                // Behind SQLite's back, which nobody may do but to see whether the file is looked at.
                try #require(truncate(path, off_t(length) + 4096) == 0)
                let after = try connection.fileBytes()
                try #require(truncate(path, off_t(length)) == 0)
                isRemembered = before == length && after == length
            }
            #expect(isRemembered)
            try connection.execute("DELETE FROM t")
        }
    }

    @Test("a connection learns the length that another one has given the file")
    func changedByAnother() throws {
        try withDatabase { database throws in
            let writer = try database.open { $0.limits.attachedDatabases = 1 }
            let reader = try database.open { $0.access = .queryOnly }
            try writer.execute("CREATE TABLE t(a)")
            func expectTrueLength() throws {
                _ = try writer.checkpoint(.truncate)
                #expect(try reader.fileBytes() == size(of: database.path))
                #expect(try writer.fileBytes() == size(of: database.path))
            }
            try expectTrueLength()
            let small = try reader.fileBytes()
            try writer.execute("INSERT INTO t VALUES (zeroblob(100000))")
            try expectTrueLength()
            #expect(try reader.fileBytes() >= small + 90_000)
            try writer.execute("DELETE FROM t; VACUUM")
            try expectTrueLength()
            #expect(try reader.fileBytes() <= small)
            try reader.close()
            try writer.close()
        }
    }

    @Test("a connection that has only read sees what another one has written")
    func readAfterWrite() throws {
        try withDatabase { database throws in
            let first = try database.open()
            try first.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            try first.close()
            let reader = try database.open { $0.access = .queryOnly }
            let writer = try database.open()
            #expect(try reader.value("SELECT count(*) FROM t") == .integer(1))
            for count in 2...50 {
                try writer.execute("INSERT INTO t VALUES (zeroblob(5000))")
                if count % 7 == 0 { _ = try writer.checkpoint(.truncate) }
                #expect(try reader.value("SELECT count(*) FROM t") == .integer(Int64(count)))
            }
            try writer.close()
            try reader.close()
        }
    }

    @Test("a read that finds everything in memory waits for no lock that all files share")
    func sharedLock() throws {
        try withConnection { connection in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (7)")
            #expect(try connection.value("SELECT a FROM t") == .integer(7))
            let lock = SharedLock()
            #expect(try connection.value("SELECT a FROM t") == .integer(7))
            #expect(lock.release())
        }
    }
}

/// The lock of os_unix.c for what all files share, held by another thread.
private final class SharedLock: Sendable {
    private let isHeld = Atomic(false)
    private let isWanted = Atomic(true)
    private let workers = WorkerExecutor(threads: 1)

    /// Takes the lock, and keeps it until ``release()`` or for ten seconds.
    init() {
        _ = Task(executorPreference: workers) { [self] in
            let lock = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_VFS1)
            sqlite3_mutex_enter(lock)
            isHeld.store(true, ordering: .releasing)
            let end = ContinuousClock.now + .seconds(10)
            while isWanted.load(ordering: .acquiring), ContinuousClock.now < end { sched_yield() }
            isHeld.store(false, ordering: .releasing)
            sqlite3_mutex_leave(lock)
        }
        while !isHeld.load(ordering: .acquiring) { sched_yield() }
    }

    /// Whether it was held until now.
    func release() -> Bool {
        defer { workers.shutdown() }
        let wasHeld = isHeld.load(ordering: .acquiring)
        isWanted.store(false, ordering: .releasing)
        return wasHeld
    }
}

private func size(of path: String) -> Int64 {
    var status = stat()
    return stat(path, &status) == 0 ? Int64(status.st_size) : -1
}

extension Connection {
    /// The length of the file as SQLite learns it.
    fileprivate func fileBytes() throws -> Int64 {
        var file: UnsafeMutablePointer<sqlite3_file>?
        // https://www.sqlite.org/c3ref/c_fcntl_begin_atomic_write.html#sqlitefcntlfilepointer
        #expect(sqlite3_file_control(try openHandle(), nil, SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK)
        var size: Int64 = -1
        let open = try #require(file)
        #expect(open.pointee.pMethods.pointee.xFileSize(open, &size) == SQLITE_OK)
        return size
    }
}
