import CofferTesting
import Glibc
import SQLCipher
import Testing

@Suite("Copying a database")
struct CopyTests {
    private static let marker = "a-marker-that-is-nowhere-else"

    @Test("a copy is the database of the moment it began, whatever others write meanwhile, and steps do not begin anew")
    func snapshot() async throws {
        try await withSource { source, writer, directory in
            let target = try open(directory.file("copy.db"), TestDatabase.key)
            var steps: [CopyProgress] = []
            try await source.copy(to: target, pagesAtOnce: 16) { progress in
                steps.append(progress)
                try writer.run("INSERT INTO a VALUES (randomblob(4000))")
                try writer.run("INSERT INTO b VALUES (randomblob(4000))")
            }
            try target.close()
            #expect(steps.count > 10)
            #expect(steps.map(\.done) == steps.map(\.done).sorted())
            #expect(steps.last?.done == steps.last?.total)
            #expect(Set(steps.map(\.total)).count == 1)
            let copy = try openImmutable(directory.file("copy.db"), TestDatabase.key)
            #expect(
                try copy.value("SELECT (SELECT count(*) FROM a) || ' ' || (SELECT count(*) FROM b)") == .text("201 200")
            )
            #expect(try copy.integrityProblems() == [])
            try copy.close()
        }
    }

    @Test("neither the copy nor anything beside it holds plain text, between the steps and after")
    func plaintext() async throws {
        try await withSource { source, _, directory in
            let target = try open(directory.file("copy.db"), TestDatabase.key)
            try await source.copy(to: target, pagesAtOnce: 8) { _ in
                // Closing a descriptor drops POSIX locks, which nobody competes for here.
                #expect(holders(of: Self.marker, in: directory.path) == [])
            }
            try target.close()
            #expect(holders(of: Self.marker, in: directory.path) == [])
            #expect(FileTree.permissions(of: directory.file("copy.db")) == 0o600)
        }
    }

    @Test("a copy may have another key, and then the source's does not open it")
    func otherKey() async throws {
        try await withSource { source, _, directory in
            let key = TestDatabase.key.map { $0 ^ 0x55 }
            let target = try open(directory.file("copy.db"), key)
            try await source.copy(to: target) { _ in }
            try target.close()
            let copy = try openImmutable(directory.file("copy.db"), key)
            #expect(try copy.value("SELECT count(*) FROM b") == .integer(200))
            try copy.close()
            let error = #expect(throws: SQLiteError.self) {
                _ = try openImmutable(directory.file("copy.db"), TestDatabase.key)
            }
            #expect(error?.code == .notADatabase)
        }
    }

    @Test("an interruption ends a copy between two steps, and leaves both connections to their owner")
    func interruption() async throws {
        try await withSource { source, writer, directory in
            let target = try open(directory.file("copy.db"), TestDatabase.key)
            var steps = 0
            let error = await #expect(throws: SQLiteError.self) {
                try await source.copy(to: target, pagesAtOnce: 1) { _ in
                    steps += 1
                    if steps == 3 { source.interrupt() }
                }
            }
            #expect(error?.code == .interrupt)
            #expect(steps == 3)
            try target.close()
            #expect(source.reset() == .asNew)
            #expect(try source.value("SELECT count(*) FROM b") == .integer(200))
            #expect(!writer.isInTransaction)
        }
    }

    @Test("an immutable file is read without a lock or a file beside it, whatever characters its path has")
    func immutable() async throws {
        try await withSource { source, _, directory in
            FileTree.makeDirectory(directory.file("50% of? it#"))
            let path = directory.file("50% of? it#") + "/copy.db"
            let target = try open(path, TestDatabase.key)
            try await source.copy(to: target) { _ in }
            try target.close()
            chmod(path, 0o400)
            let copy = try openImmutable(path, TestDatabase.key)
            #expect(try copy.value("SELECT count(*) FROM b") == .integer(200))
            #expect(OpenFiles.paths(under: directory.file("50% of? it#")) == [path])
            #expect(throws: SQLiteError.self) { try copy.run("DELETE FROM b") }
            try copy.close()
            #expect(FileTree.paths(under: directory.file("50% of? it#")) == [path])
        }
    }

    @Test("damage shows, and which pages have it")
    func damage() async throws {
        try await withSource { source, _, directory in
            let target = try open(directory.file("copy.db"), TestDatabase.key)
            try await source.copy(to: target) { _ in }
            try target.close()
            var bytes = FileContent.bytes(of: directory.file("copy.db"))
            bytes[4096 * 20 + 100] ^= 1
            FileContent.write(bytes, to: directory.file("copy.db"))
            let copy = try openImmutable(directory.file("copy.db"), TestDatabase.key)
            let problems = try copy.integrityProblems()
            #expect(problems.count == 1)
            #expect(problems.first?.contains("page 21") == true, "\(problems)")
            try copy.close()
        }
    }

    private func withSource(_ body: (Connection, Connection, TemporaryDirectory) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            let database = TestDatabase(directory: directory)
            let writer = try database.open()
            try writer.execute("CREATE TABLE a(v); CREATE TABLE b(v)")
            try writer.run("INSERT INTO a VALUES (?)", [.text(Self.marker)])
            for table in ["a", "b"] {
                try writer.run(
                    """
                    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
                    INSERT INTO \(table) SELECT randomblob(4000) FROM n
                    """)
            }
            let source = try database.open { $0.access = .queryOnly }
            do {
                try await body(source, writer, directory)
            } catch {
                _ = (try? source.close(), try? writer.close())
                throw error
            }
            try source.close()
            try writer.close()
            #expect(OpenFiles.paths(under: directory.path) == [])
        }
    }

    private func open(_ path: String, _ key: [UInt8]) throws -> Connection {
        try key.withUnsafeBytes {
            try Connection.open(ConnectionConfiguration(path: path, journal: .memory, createIfMissing: true), key: $0)
        }
    }

    private func openImmutable(_ path: String, _ key: [UInt8]) throws -> Connection {
        try key.withUnsafeBytes {
            try Connection.open(ConnectionConfiguration(path: path, fileSystem: .immutable), key: $0)
        }
    }

    private func holders(of text: String, in directory: String) -> [String] {
        FileTree.paths(under: directory).filter { FileContent.bytes(of: $0).contains(textOf: text) }
    }
}
