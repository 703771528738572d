import CofferTesting
import ConnectionPool
import SQLCipher
import Synchronization
import Testing

@testable import UserEngines

@Suite("The bound of the write-ahead log")
struct LogBoundTests {
    private static let bound = 200_000
    private static let row = "INSERT INTO t VALUES (randomblob(20000))"
    /// Holds its snapshot until it is stopped.
    private static let endless =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n, t"

    private func configuration(patience: Duration) -> EngineConfiguration {
        var configuration = EngineConfiguration()
        configuration.maximumLogBytes = Self.bound
        configuration.logPatience = patience
        return configuration
    }

    private func logFile(of user: UserID, _ fixture: EngineFixture) -> Int64 {
        DataDirectory.size(ofFile: fixture.files.databasePath(of: user) + "-wal")
    }

    /// A reader that has begun to read, and does not end by itself before `timeout`.
    private func startReader(
        of user: UserID, timeout: Duration = .seconds(60), _ fixture: EngineFixture
    ) async throws -> Task<Interruption?, Never> {
        let hasBegun = Atomic(false)
        let reader = Task(executorPreference: fixture.workers) {
            let error = await #expect(throws: SQLiteError.self) {
                try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                    try await engine.run(Self.endless, .none, timeout: timeout) { statement, _ in
                        hasBegun.store(true, ordering: .relaxed)
                        _ = try statement.step()
                    }
                }
            }
            return error?.interruption
        }
        try await eventually { hasBegun.load(ordering: .relaxed) }
        return reader
    }

    @Test("past it the oldest reader is cut, with an error that says so, and the log is empty again")
    func cut() async throws {
        // Long enough for a reader that has been cut to end meanwhile on a busy machine.
        try await EngineFixture.run(configuration(patience: .milliseconds(500))) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run(Self.row, as: user)
            let reader = try await startReader(of: user, fixture)
            var longest: Int64 = 0
            for _ in 0..<40 {
                _ = try await fixture.run(Self.row, as: user)
                longest = max(longest, logFile(of: user, fixture))
                #expect(fixture.registry.logBytes() == logFile(of: user, fixture))
            }
            #expect(await reader.value == .oldSnapshot)
            #expect(longest > Self.bound / 2, "the log was never near its bound")
            #expect(longest < Self.bound + 50_000)
            #expect(try await fixture.run("SELECT count(*) FROM t", as: user) == [[.integer(41)]])
            try await eventually {
                fixture.scrape().contains(#"coffer_connections_evicted_total{reason="old_snapshot"} 1"#)
            }
        }
    }

    @Test("a log counts for as long as its engine is open, also one that nobody has written to")
    func total() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            for _ in 0..<2 {
                #expect(await fixture.registry.forceClose(user, reason: .logout))
                #expect(fixture.registry.logBytes() == 0)
                // What is left of a service database that was in use when the server was killed.
                FileContent.write([UInt8](repeating: 0, count: 5000), to: fixture.files.servicePath(of: user) + "-wal")
                _ = try await fixture.run("SELECT 1", as: user)
                #expect(fixture.registry.logBytes() >= 5000)
            }
            #expect(await fixture.registry.forceClose(user, reason: .logout))
            #expect(fixture.registry.logBytes() == 0)
        }
    }

    @Test("those who share a commit are answered before a log that it has made too long is emptied")
    func answers() async throws {
        var configuration = configuration(patience: .seconds(60))
        configuration.writeGroups.joining = .seconds(60)
        configuration.writeGroups.end = .seconds(60)
        try await EngineFixture.run(configuration) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run(Self.row, as: user)
            let reader = try await startReader(of: user, fixture)
            while logFile(of: user, fixture) < Self.bound - 50_000 { _ = try await fixture.run(Self.row, as: user) }
            let write = CrowdedWrite("INSERT INTO t VALUES (?)", [.blob(Array(repeating: 1, count: 20_000))])
            let writes = [CrowdedWrite](repeating: write, count: 4)
            let replies = try await fixture.together(writes, as: user) { tasks in
                // The first one leads, and empties the log when the reader has gone.
                for task in tasks.dropFirst() { #expect(await task.value.changes == 1) }
                #expect(logFile(of: user, fixture) > Self.bound)
                reader.cancel()
            }
            #expect(replies.map(\.changes) == [1, 1, 1, 1])
            _ = await reader.value
            #expect(logFile(of: user, fixture) == 0)
        }
    }

    @Test("every reader that is in the way goes, one after the other")
    func several() async throws {
        try await EngineFixture.run(configuration(patience: .milliseconds(200))) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run(Self.row, as: user)
            var readers: [Task<Interruption?, Never>] = []
            for _ in 0..<3 { readers.append(try await startReader(of: user, fixture)) }
            for _ in 0..<20 { _ = try await fixture.run(Self.row, as: user) }
            for reader in readers { #expect(await reader.value == .oldSnapshot) }
            #expect(logFile(of: user, fixture) < Self.bound)
        }
    }

    @Test("a reader that ends soon enough is waited for")
    func patience() async throws {
        try await EngineFixture.run(configuration(patience: .seconds(60))) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run(Self.row, as: user)
            let reader = try await startReader(of: user, timeout: .seconds(1), fixture)
            for _ in 0..<20 { _ = try await fixture.run(Self.row, as: user) }
            #expect(await reader.value == .deadline)
            #expect(logFile(of: user, fixture) < Self.bound)
        }
    }

    @Test("one transaction may be longer than the bound, and the log is cut after it")
    func longTransaction() async throws {
        try await EngineFixture.run(configuration(patience: .seconds(60))) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            _ = try await fixture.run("INSERT INTO t VALUES (randomblob(1000000))", as: user)
            #expect(logFile(of: user, fixture) == 0)
            #expect(fixture.registry.logBytes() == 0)
            #expect(try await fixture.run("SELECT length(a) FROM t", as: user) == [[.integer(1_000_000)]])
        }
    }

    @Test("a batch that fails after it has committed something is no way past the bound")
    func failedBatch() async throws {
        try await EngineFixture.run(configuration(patience: .seconds(60))) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            for rest in ["SELECT nothing", "BEGIN; INSERT INTO t VALUES (1)"] {
                await #expect(throws: (any Error).self) {
                    try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                        try await engine.runBatch(atomic: false, timeout: .seconds(10)) { runner in
                            let statements =
                                ["INSERT INTO t VALUES (randomblob(1000000))"]
                                + rest.split(separator: "; ")
                                .map(String.init)
                            for sql in statements {
                                try runner.run(sql, .none) { statement, _ in _ = try statement.step() }
                            }
                        }
                    }
                }
                #expect(logFile(of: user, fixture) == 0)
            }
            #expect(
                try await fixture.run("SELECT length(a) FROM t", as: user) == [
                    [.integer(1_000_000)], [.integer(1_000_000)],
                ])
        }
    }

    @Test("the log's size is known without a look at the file, and forgotten with it")
    func size() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            for _ in 0..<3 { _ = try await fixture.run(Self.row, as: user) }
            let size = logFile(of: user, fixture)
            #expect(size > 60_000)
            #expect(fixture.registry.logBytes() == size)
            // The last connection takes the file along, though the engine stays.
            var configuration = ReaperConfiguration()
            configuration.releaseInterval = .zero
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(60)))
            _ = await fixture.makeReaper(configuration).pass()
            try await eventually { fixture.openUserFiles == [] }
            #expect(fixture.registry.census().open == 1)
            try await eventually { fixture.registry.logBytes() == 0 }
            session.end()
        }
    }
}
