import Synchronization
import Testing

@testable import SQLCipher

@Suite("Databases over a storage")
struct StorageTests {
    /// Bytes in memory, which fail when a test says so.
    private final class Memory: DatabaseStorage {
        struct State {
            var bytes: [UInt8] = []
            var failure: DatabaseStorageError?
        }

        let state = Mutex(State())

        var byteCount: Int64 { state.withLock { Int64($0.bytes.count) } }

        var bytes: [UInt8] {
            get { state.withLock { $0.bytes } }
            set { state.withLock { $0.bytes = newValue } }
        }

        func fail(_ error: DatabaseStorageError?) { state.withLock { $0.failure = error } }

        func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) {
            if state.withLock({ $0.failure }) == .failed { throw .failed }
            let part = Array(bytes[Int(offset)..<Int(offset) + buffer.count])
            part.withUnsafeBytes { buffer.copyMemory(from: $0) }
        }

        func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) {
            try check()
            let part = Array(bytes)
            state.withLock { state in
                let end = Int(offset) + part.count
                if state.bytes.count < end { state.bytes += [UInt8](repeating: 0, count: end - state.bytes.count) }
                state.bytes.replaceSubrange(Int(offset)..<end, with: part)
            }
        }

        func truncate(to count: Int64) throws(DatabaseStorageError) {
            try check()
            state.withLock { $0.bytes.removeLast(max(0, $0.bytes.count - Int(count))) }
        }

        private func check() throws(DatabaseStorageError) {
            if let failure = state.withLock({ $0.failure }) { throw failure }
        }
    }

    private func open(
        _ storage: Memory, _ access: ConnectionConfiguration.Access = .readWrite
    ) throws -> Connection {
        try Connection.open(
            ConnectionConfiguration(path: "", fileSystem: .storage(storage), journal: .memory, access: access), key: nil
        )
    }

    @Test("a database is written to a storage and read from it, and another one has nothing of it")
    func roundTrip() throws {
        let (one, other) = (Memory(), Memory())
        let connection = try open(one)
        let second = try open(other)
        try connection.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1), (2); DELETE FROM t WHERE x = 1")
        try second.execute("CREATE TABLE u(x)")
        try connection.close()
        try second.close()
        #expect(one.bytes.starts(with: Array("SQLite format 3\0".utf8)))
        let again = try open(one, .queryOnly)
        #expect(try again.rows("SELECT x FROM t") == [[.integer(2)]])
        #expect(throws: SQLiteError.self) { try again.run("INSERT INTO t VALUES (3)") }
        #expect(try again.integrityProblems() == [])
        try again.close()
    }

    @Test("a transaction that is rolled back leaves the storage as it was")
    func rollback() throws {
        let storage = Memory()
        let connection = try open(storage)
        try connection.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
        let before = storage.bytes
        try connection.execute("PRAGMA cache_size = 1; BEGIN; INSERT INTO t VALUES (zeroblob(500000))")
        #expect(storage.bytes.count > before.count)
        try connection.execute("ROLLBACK")
        try connection.close()
        #expect(storage.bytes == before)
    }

    @Test("what the storage cannot do is SQLite's error, and the connection closes")
    func failures() throws {
        let storage = Memory()
        let connection = try open(storage)
        try connection.execute("CREATE TABLE t(x)")
        storage.fail(.full)
        let full = #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(full?.code == .full)
        storage.fail(.failed)
        let failed = #expect(throws: SQLiteError.self) { try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(failed?.code == .ioError)
        storage.fail(nil)
        try connection.execute("INSERT INTO t VALUES (1)")
        try connection.close()
        storage.fail(.failed)
        #expect(throws: SQLiteError.self) { try open(storage) }
    }

    @Test("a database that asks for a log is read without one when nobody can change it")
    func logInHeader() throws {
        let storage = Memory()
        let connection = try open(storage)
        try connection.execute("CREATE TABLE t(x); INSERT INTO t VALUES (1)")
        try connection.close()
        // The versions of the format for reading and writing: https://www.sqlite.org/fileformat2.html#file_format_version_numbers
        storage.bytes[18] = 2
        storage.bytes[19] = 2
        let again = try open(storage, .queryOnly)
        #expect(try again.rows("SELECT x FROM t") == [[.integer(1)]])
        try again.close()
        #expect(throws: SQLiteError.self) { try open(storage) }
    }
}
