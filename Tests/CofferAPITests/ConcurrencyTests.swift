import CofferTesting
import JSON
import Testing

@testable import UserEngines

@Suite("Many clients of one user", .timeLimit(.minutes(2)))
struct ConcurrencyTests {
    /// What a client does: write, read, run into its time limit, or leave in the middle.
    private enum Part: Sendable {
        case write
        case read
        case timeOut
        case leave

        static func part(of client: Int) -> Part {
            switch client % 8 {
            case 0, 4: .write
            case 2: .read
            case 6: .timeOut
            default: .leave
            }
        }
    }

    @Test("200 clients on 3 readers and 1 writer, half of which leave mid-query, lose no connection")
    func manyClients() async throws {
        try await APIFixture.run {
            $0.engines.acquireQueue = 300
            $0.engines.acquireTimeout = .seconds(60)
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let clients = try await connect(200, as: user, to: api)
            let written = try await finish(clients, in: api)
            try await eventually { api.server.requestsInFlight == 0 }
            let census = api.engines.census().total
            #expect(census.occupancy.leased == 0)
            #expect(census.occupancy.waiting == 0)
            #expect(api.countedConnections == census.occupancy.total)
            let start = ContinuousClock.now
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == .array([.array([.integer(written)])]))
            try await api.rows("INSERT INTO t VALUES (0)", as: user)
            #expect(start.duration(to: .now) < .seconds(5), "far less than a wait for a connection may take")
            for client in clients { await client.close() }
        }
    }

    /// Connects clients and lets each send its request, all at once: one that is connected and silent is cut off.
    private func connect(_ count: Int, as user: APIUser, to api: APIFixture) async throws -> [HTTPClient] {
        let port = api.server.port
        return try await withThrowingTaskGroup(of: (Int, HTTPClient).self) { group in
            for index in 0..<count {
                group.addTask {
                    let client = try HTTPClient(port: port, patience: .seconds(60))
                    switch Part.part(of: index) {
                    case .write: try await client.sendQuery("INSERT INTO t VALUES (1)", as: user)
                    case .read: try await client.sendQuery("SELECT 1", as: user)
                    case .timeOut: try await client.sendQuery(LimitTests.endless, options: "?timeout_ms=20", as: user)
                    case .leave:
                        let sql = index % 16 == 1 ? LimitTests.endlessInsert : LimitTests.endless
                        try await client.sendQuery(sql, as: user)
                    }
                    return (index, client)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    /// Lets those leave who are to leave, and reads everybody else's reply.
    ///
    /// - Returns: the writes that were acknowledged.
    private func finish(_ clients: [HTTPClient], in api: APIFixture) async throws -> Int64 {
        // Everyone has a connection or waits for one, and statements that never end hold them all.
        try await eventually {
            let census = api.engines.census()
            return census.readers.occupancy.leased == 3 && census.total.occupancy.waiting > 50
        }
        for (index, client) in clients.enumerated() where Part.part(of: index) == .leave {
            index % 4 == 1 ? await client.abort() : await client.closeSocket()
        }
        return try await withThrowingTaskGroup(of: Int64.self) { group in
            for (index, client) in clients.enumerated() where Part.part(of: index) != .leave {
                group.addTask {
                    let part = Part.part(of: index)
                    let reply = try await client.readReply()
                    #expect(reply.status == (part == .timeOut ? 408 : 200), "\(part): \(reply)")
                    return part == .write && reply.status == 200 ? 1 : 0
                }
            }
            return try await group.reduce(0, +)
        }
    }

    @Test("more requests than may wait are refused at once, and told when to come again")
    func queueFull() async throws {
        try await APIFixture.run {
            $0.engines.readers = 1
            $0.engines.acquireQueue = 1
        } _: { api in
            let user = try await api.makeUser()
            let holder = try HTTPClient(port: api.server.port)
            try await holder.sendQuery(LimitTests.endless, as: user)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            let waiting = try HTTPClient(port: api.server.port)
            try await waiting.sendQuery("SELECT 1", as: user)
            try await eventually { api.engines.census().readers.occupancy.waiting == 1 }
            try expectProblem(try await api.query("SELECT 1", as: user), 503, "pool_queue_full")
            await holder.close()
            #expect(try await waiting.readReply().status == 200)
            await waiting.close()
        }
    }

    @Test("a request waits for a connection as long as the settings say, and no longer")
    func acquireTimeout() async throws {
        try await APIFixture.run {
            $0.engines.readers = 1
            $0.engines.acquireTimeout = .seconds(1)
        } _: { api in
            let user = try await api.makeUser()
            let holder = try HTTPClient(port: api.server.port)
            try await holder.sendQuery(LimitTests.endless, as: user)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            let start = ContinuousClock.now
            try expectProblem(try await api.query("SELECT 1", as: user), 503, "pool_timeout")
            #expect(start.duration(to: .now) >= .seconds(1))
            await holder.close()
            try await eventually { try await api.query("SELECT 1", as: user).status == 200 }
        }
    }

    @Test("readers do not wait for a writer that is busy")
    func readersBesideWriter() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let writer = try HTTPClient(port: api.server.port)
            try await writer.sendQuery(LimitTests.endlessInsert, as: user)
            try await eventually { api.engines.census().writers.occupancy.leased == 1 }
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
            #expect(api.engines.census().writers.occupancy.leased == 1)
            await writer.close()
            try await eventually { api.server.requestsInFlight == 0 }
        }
    }
}
