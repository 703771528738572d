import CofferTesting
import SQLCipher
import Synchronization

@testable import UserEngines

/// One statement of several that wait for the writer at the same time.
struct CrowdedWrite: Sendable, ExpressibleByStringLiteral {
    var sql: any StatementText
    var arguments = Arguments.none
    var timeout = Duration.seconds(20)
    /// How many of its rows are read.
    var rowsRead = Int.max
    /// Called on whatever thread runs the statement, before it is stepped.
    var beforeStep: @Sendable (Connection) -> Void = { _ in }

    init(_ sql: any StatementText, _ arguments: Arguments = .none, rowsRead: Int = .max) {
        self.sql = sql
        self.arguments = arguments
        self.rowsRead = rowsRead
    }

    init(stringLiteral sql: String) {
        self.init(sql)
    }
}

/// What a client learns of its statement.
struct WriteReply: Equatable, Sendable {
    var rows: [[Value]] = []
    var changes: Int64 = 0
    var lastInsertRowID: Int64 = 0
    var error: SQLiteError?
    /// Why there is no other answer: `pool_closed` and the like.
    var refusal: String?
}

extension Engine {
    func reply(to write: CrowdedWrite) async -> WriteReply {
        do {
            return try await run(write.sql, write.arguments, timeout: write.timeout) { statement, connection in
                write.beforeStep(connection)
                var reply = WriteReply()
                let before = connection.totalChanges
                while reply.rows.count < write.rowsRead, try statement.step() { reply.rows.append(try statement.row()) }
                reply.changes = connection.totalChanges == before ? 0 : connection.changes
                reply.lastInsertRowID = connection.lastInsertRowID
                return reply
            }
        } catch let error as SQLiteError {
            return WriteReply(error: error)
        } catch {
            return WriteReply(refusal: "\(error)")
        }
    }
}

extension EngineFixture {
    /// Keeps the writer until all statements wait for it, in their order, then lets them go, and returns their replies.
    ///
    /// - Parameter meanwhile: called with their tasks when they have been let go.
    func together(
        _ writes: [CrowdedWrite], as user: UserID,
        meanwhile: @Sendable ([Task<WriteReply, Never>]) async throws -> Void = { _ in }
    ) async throws -> [WriteReply] {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            let gate = Gate()
            let holder = Task(executorPreference: workers) {
                try await engine.writer.withConnection { _ in await gate.pass() }
            }
            await gate.arrivals(atLeast: 1)
            var tasks: [Task<WriteReply, Never>] = []
            for write in writes {
                tasks.append(Task(executorPreference: workers) { await engine.reply(to: write) })
                try await eventually { engine.writer.gauges.occupancy.waiting == tasks.count }
            }
            gate.open()
            try await meanwhile(tasks)
            try await holder.value
            var replies: [WriteReply] = []
            for task in tasks { replies.append(await task.value) }
            return replies
        }
    }

    /// The same statements, each sent when the one before has been answered.
    func oneByOne(_ writes: [CrowdedWrite], as user: UserID) async throws -> [WriteReply] {
        try await registry.withEngine(of: user, key: { try copyOfKey() }) { engine in
            var replies: [WriteReply] = []
            for write in writes { replies.append(await engine.reply(to: write)) }
            return replies
        }
    }

    /// The commits that statements have shared, the statements that did, and the groups that came to nothing.
    var groups: [Int] {
        let lines = scrape().split(separator: "\n")
        return [
            "coffer_group_commit_members_count", "coffer_group_commit_members_sum", "coffer_group_commits_undone_total",
        ]
        .map { name in
            lines.first { $0.hasPrefix(name + " ") }.flatMap { Double($0.split(separator: " ")[1]) }.map { Int($0) }
                ?? -1
        }
    }
}
