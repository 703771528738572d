import CSQLCipher
import CofferTesting
import SQLCipher
import Synchronization
import Testing

@testable import SQLCipher
@testable import UserEngines

@Suite("Writes that share a commit, when something goes wrong")
struct GroupFailureTests {
    private static let endless =
        "INSERT INTO t WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"

    private func run(
        _ configuration: EngineConfiguration = GroupCommitTests.patient,
        _ body: (EngineFixture, UserID) async throws -> Void
    ) async throws {
        try await EngineFixture.run(configuration) { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (v)", as: user)
            try await body(fixture, user)
        }
    }

    private func rows(of user: UserID, _ fixture: EngineFixture) async throws -> [Int64] {
        try await fixture.run("SELECT v FROM t ORDER BY rowid", as: user).map { row in
            if case .integer(let value)? = row.first { value } else { -1 }
        }
    }

    private func insertions(_ values: ClosedRange<Int>) -> [CrowdedWrite] {
        values.map { CrowdedWrite("INSERT INTO t VALUES (?)", [.integer(Int64($0))]) }
    }

    @Test("one that runs out of time is told so, and the others are as if it had not been there", arguments: [0, 1, 2])
    func timeout(position: Int) async throws {
        try await run { fixture, user in
            var writes = insertions(1...2)
            var late = CrowdedWrite(Self.endless)
            late.timeout = .milliseconds(50)
            writes.insert(late, at: position)
            let replies = try await fixture.together(writes, as: user)
            #expect(replies[position].error?.interruption == .deadline)
            #expect(replies.count { $0.changes == 1 } == 2)
            #expect(try await rows(of: user, fixture) == [1, 2])
        }
    }

    @Test("one that takes longer than a group may is stopped soon, and then gets its own time alone")
    func slow() async throws {
        var configuration = GroupCommitTests.patient
        configuration.writeGroups.end = .milliseconds(20)
        try await run(configuration) { fixture, user in
            var long = CrowdedWrite("INSERT INTO t SELECT 3 FROM t WHERE v = 1")
            let runs = Atomic(0)
            long.beforeStep = { connection in
                guard runs.add(1, ordering: .relaxed).newValue == 1 else { return }
                while connection.limit.interruption == nil {}
            }
            let replies = try await fixture.together([insertions(1...1)[0], long, insertions(2...2)[0]], as: user)
            #expect(replies.map(\.changes) == [1, 1, 1])
            #expect(fixture.groups == [0, 0, 1])
            #expect(runs.load(ordering: .relaxed) == 2)
            #expect(try await rows(of: user, fixture) == [1, 3, 2])
        }
    }

    @Test("one that takes longer than a group may leads none") func slowLeader() async throws {
        var configuration = GroupCommitTests.patient
        configuration.writeGroups.end = .milliseconds(20)
        try await run(configuration) { fixture, user in
            var long = CrowdedWrite("INSERT INTO t VALUES (3)")
            let runs = Atomic(0)
            long.beforeStep = { connection in
                guard runs.add(1, ordering: .relaxed).newValue == 1 else { return }
                while connection.limit.interruption == nil {}
            }
            let replies = try await fixture.together([long] + insertions(1...2), as: user)
            #expect(replies.map(\.changes) == [1, 1, 1])
            #expect(runs.load(ordering: .relaxed) == 2)
            #expect(fixture.groups[2] == 0)
            #expect(try await rows(of: user, fixture) == [3, 1, 2])
        }
    }

    @Test("one whose client has gone while a neighbour's group runs it harms nobody") func cancelledMember()
        async throws
    {
        try await run { fixture, user in
            var writes = insertions(1...3)
            let hasBegun = Atomic(false)
            let mayGoOn = Atomic(false)
            writes[1].beforeStep = { _ in
                hasBegun.store(true, ordering: .relaxed)
                while !mayGoOn.load(ordering: .relaxed) {}
            }
            let replies = try await fixture.together(writes, as: user) { tasks in
                try await eventually { hasBegun.load(ordering: .relaxed) }
                tasks[1].cancel()
                mayGoOn.store(true, ordering: .relaxed)
            }
            #expect(replies.map(\.changes) == [1, 1, 1])
            #expect(try await rows(of: user, fixture) == [1, 2, 3])
            #expect(fixture.groups == [1, 3, 0])
        }
    }

    @Test("when the client of the holder goes, all is undone, and the others run without it") func cancelledHolder()
        async throws
    {
        try await run { fixture, user in
            var writes = insertions(1...4)
            let hasBegun = Atomic(false)
            let mayGoOn = Atomic(false)
            writes[2].beforeStep = { _ in
                hasBegun.store(true, ordering: .relaxed)
                while !mayGoOn.load(ordering: .relaxed) {}
            }
            let replies = try await fixture.together(writes, as: user) { tasks in
                try await eventually { hasBegun.load(ordering: .relaxed) }
                tasks[0].cancel()
                mayGoOn.store(true, ordering: .relaxed)
            }
            #expect(replies[0].error?.interruption == .requested)
            #expect(replies[1...].map(\.changes) == [1, 1, 1])
            #expect(try await rows(of: user, fixture) == [2, 3, 4])
            #expect(fixture.groups[2] == 1)
        }
    }

    @Test("an interruption between the preparing and the binding of a neighbour's statement undoes the group")
    func interruptedBeforeBinding() async throws {
        try await run { fixture, user in
            let text = InterruptingText("INSERT INTO t VALUES (:a + :b + :c + :d + :e + :f + :g + :h + :i)")
            var writes = insertions(1...3)
            writes[0].beforeStep = { connection in
                if connection.limit.interruption == nil { text.interruptAfterNextUse(connection) }
            }
            // The last one: another would find the interruption. It has as many names as make the binding look for one.
            writes[2] = CrowdedWrite(text, .named("abcdefghi".map { (String($0), $0 == "i" ? 3 : 0) }))
            let replies = try await fixture.together(writes, as: user)
            #expect(replies[0].error?.interruption == .requested)
            #expect(replies[1...].map(\.changes) == [1, 1])
            #expect(try await rows(of: user, fixture) == [2, 3])
            #expect(fixture.groups[2] == 1)
        }
    }

    @Test("a client that goes before its turn is not served") func cancelledWaiter() async throws {
        try await run { fixture, user in
            var writes = insertions(1...3)
            let hasBegun = Atomic(false)
            let mayGoOn = Atomic(false)
            writes[0].beforeStep = { _ in
                hasBegun.store(true, ordering: .relaxed)
                while !mayGoOn.load(ordering: .relaxed) {}
            }
            let replies = try await fixture.together(writes, as: user) { tasks in
                try await eventually { hasBegun.load(ordering: .relaxed) }
                tasks[1].cancel()
                _ = await tasks[1].value
                mayGoOn.store(true, ordering: .relaxed)
            }
            #expect(replies[1].refusal != nil)
            #expect(try await rows(of: user, fixture) == [1, 3])
            #expect(fixture.groups == [1, 2, 0])
        }
    }

    @Test("one for which the database has no room left fails alone") func full() async throws {
        var configuration = GroupCommitTests.patient
        configuration.maximumDatabaseBytes = 200_000
        try await run(configuration) { fixture, user in
            var writes = insertions(1...4)
            writes.insert(CrowdedWrite("INSERT INTO t VALUES (?)", [.blob(Array(repeating: 7, count: 400_000))]), at: 2)
            let replies = try await fixture.together(writes, as: user)
            #expect(replies.map { $0.error?.code } == [nil, nil, .full, nil, nil])
            #expect(try await rows(of: user, fixture) == [1, 2, 3, 4])
        }
    }

    @Test("when the commit fails, each runs and commits alone", arguments: [1, 2, 4])
    func commit(failures: Int32) async throws {
        try await run { fixture, user in
            let refusals = Refusals(failures)
            var writes = insertions(1...3)
            writes[0].beforeStep = { refusals.install(on: $0) }
            let replies = try await fixture.together(writes, as: user)
            // The first refusal is the group's; the others strike one statement each.
            let failed = Int(failures) - 1
            #expect(replies.prefix(failed).allSatisfy { $0.error?.code == .constraint })
            #expect(replies.dropFirst(failed).allSatisfy { $0.changes == 1 })
            #expect(try await rows(of: user, fixture) == [1, 2, 3].suffix(3 - failed))
            #expect(fixture.groups == [0, 0, 1])
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                try await engine.writer.withConnection { refusals.remove(from: $0) }
            }
        }
    }

    @Test(
        "an engine that is closed by force with a group under way answers everyone, and keeps what it has acknowledged")
    func forcedClose() async throws {
        try await run { fixture, user in
            var writes = insertions(1...6)
            let hasBegun = Atomic(false)
            let isInterrupted = Atomic(false)
            writes[2].beforeStep = { connection in
                hasBegun.store(true, ordering: .relaxed)
                while connection.limit.interruption == nil {}
                isInterrupted.store(true, ordering: .relaxed)
            }
            let closing = Mutex<Task<Bool, Never>?>(nil)
            let replies = try await fixture.together(writes, as: user) { _ in
                try await eventually { hasBegun.load(ordering: .relaxed) }
                let task = Task { await fixture.registry.forceClose(user, reason: .admin) }
                closing.withLock { $0 = task }
                try await eventually { fixture.registry.census().closing == 1 }
                try await eventually {
                    // The time that statements get when their engine closes, as soon as it is counted.
                    fixture.time.advance(by: .seconds(10))
                    return isInterrupted.load(ordering: .relaxed)
                }
            }
            _ = await closing.withLock { $0 }?.value
            #expect(replies[0].error?.interruption == .requested)
            #expect(replies[1...].allSatisfy { $0.refusal != nil })
            #expect(try await rows(of: user, fixture) == [])
        }
    }

    @Test("many clients with all kinds of statements leave exactly what was acknowledged") func crowd() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run(
                "CREATE TABLE t (client, number, u UNIQUE, PRIMARY KEY (client, number))", as: user)
            _ = try await fixture.run("INSERT INTO t VALUES (-1, -1, 0)", as: user)
            let clients = 16
            let rounds = 60
            let acknowledged = try await withThrowingTaskGroup(of: Set<String>.self) { group in
                for client in 0..<clients {
                    group.addTask(executorPreference: fixture.workers) {
                        try await Self.send(rounds, as: client, of: user, fixture)
                    }
                }
                return try await group.reduce(into: Set()) { $0.formUnion($1) }
            }
            let found = try await fixture.run("SELECT client || ' ' || number FROM t WHERE client >= 0", as: user)
            #expect(Set(found.map { "\($0[0])" }) == Set(acknowledged.map { "\(Value.text($0))" }))
            let groups = fixture.groups
            #expect(groups[0] > 0 && groups[1] > groups[0], "no group was formed")
        }
    }

    /// One client's statements, one after the other; the rows that were acknowledged.
    private static func send(_ rounds: Int, as client: Int, of user: UserID, _ fixture: EngineFixture) async throws
        -> Set<String>
    {
        try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
            var acknowledged: Set<String> = []
            for number in 0..<rounds {
                // Some violate a constraint, some do so in the way that ends a transaction.
                let violates = number % 7 == 3 || number % 20 == client
                let conflict = number % 20 == client ? "OR ROLLBACK " : ""
                let reply = await engine.reply(
                    to: CrowdedWrite(
                        "INSERT \(conflict)INTO t VALUES (?, ?, ?)",
                        [
                            .integer(Int64(client)), .integer(Int64(number)),
                            violates ? 0 : .integer(Int64(1 + client * rounds + number)),
                        ]))
                #expect((reply.error != nil) == violates)
                if reply.error == nil { acknowledged.insert("\(client) \(number)") }
            }
            return acknowledged
        }
    }
}

/// A statement's text that interrupts a connection when the statement has been prepared next.
private final class InterruptingText: StatementText {
    private let text: String
    private let connection = Mutex<Connection?>(nil)

    init(_ text: String) {
        self.text = text
    }

    func interruptAfterNextUse(_ connection: Connection) {
        self.connection.withLock { $0 = connection }
    }

    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        defer { connection.withLock { $0.take() }?.interrupt() }
        return try text.withUTF8Bytes(body)
    }
}

/// Refuses a connection's next commits, like a disk that fails.
private final class Refusals: Sendable {
    private let left: Atomic<Int32>

    init(_ count: Int32) {
        left = Atomic(count)
    }

    /// https://www.sqlite.org/c3ref/commit_hook.html
    func install(on connection: Connection) {
        sqlite3_commit_hook(
            connection.handle,
            { context in
                let refusals = Unmanaged<Refusals>.fromOpaque(context!).takeUnretainedValue()
                return refusals.left.subtract(1, ordering: .relaxed).oldValue > 0 ? 1 : 0
            }, Unmanaged.passUnretained(self).toOpaque())
    }

    func remove(from connection: Connection) {
        sqlite3_commit_hook(connection.handle, nil, nil)
    }
}
