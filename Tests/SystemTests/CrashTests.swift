import CofferTesting
import Glibc
import JSON
import Synchronization
import Testing

@Suite("Killing the server")
struct CrashTests {
    /// How often in a row.
    private static let rounds = LongTests.areEnabled ? 50 : 5

    @Test("after each kill -9 the next server takes the old token and has every acknowledged write and registration")
    func kill() async throws {
        try await withTemporaryDirectory { directory in
            var ada: SystemUser?
            var history = History()
            for round in 0..<Self.rounds {
                try await ServerProcess.run(in: directory) { server in
                    if let ada {
                        try await history.check(server, as: ada)
                    } else {
                        ada = try await server.makeUser("ada")
                        try await server.rows("CREATE TABLE t(v INTEGER PRIMARY KEY, w BLOB)", as: ada!)
                    }
                    history.registered += try await killDuringWrites(server, as: ada!, round: round, &history)
                    #expect(try await server.process.wait() == .signal(SIGKILL))
                }
            }
            let user = try #require(ada)
            try await ServerProcess.run(in: directory) { server in
                try await history.check(server, as: user)
                #expect(try await server.stop() == .exit(0))
            }
            #expect(history.writes > Self.rounds, "hardly anything was written")
        }
    }

    @Test("after each kill -9 everything is there that several clients of one user were told is written")
    func killDuringSharedCommits() async throws {
        try await withTemporaryDirectory { directory in
            var ada: SystemUser?
            var written: Set<Int> = []
            for round in 0...Self.rounds {
                let isLast = round == Self.rounds
                try await ServerProcess.run(in: directory) { server in
                    if let ada {
                        let rows = try await server.rows("SELECT v FROM t", as: ada).arrayValue ?? []
                        let found = Set(rows.compactMap { $0.arrayValue?.first?.integerValue.map { Int($0) } })
                        #expect(found.isSuperset(of: written), "\(written.subtracting(found).count) writes are lost")
                        written = found
                    } else {
                        ada = try await server.makeUser("ada")
                        try await server.rows("CREATE TABLE t(v INTEGER PRIMARY KEY)", as: ada!)
                    }
                    if isLast { return #expect(try await server.stop() == .exit(0)) }
                    written.formUnion(try await killDuringWrites(server, as: ada!, first: round * 100_000))
                    #expect(try await server.process.wait() == .signal(SIGKILL))
                }
            }
            #expect(written.count > Self.rounds * 8, "hardly anything was written")
        }
    }

    /// Eight clients write until the signal comes, which it does when commits have been shared. Returns the rows that were
    /// acknowledged.
    private func killDuringWrites(_ server: ServerProcess, as ada: SystemUser, first: Int) async throws -> Set<Int> {
        let count = WriteCount()
        let limit = Int.random(in: 20...200)
        let killer = Task {
            try await eventually { count.value.load(ordering: .relaxed) >= limit }
            try await eventually {
                let metrics = try await server.call("GET", "/metrics")
                return !String(decoding: metrics.body, as: UTF8.self).contains("coffer_group_commit_members_count 0\n")
            }
            usleep(UInt32.random(in: 0...3_000))
            server.process.send(SIGKILL)
        }
        let written = await withTaskGroup(of: Set<Int>.self) { clients in
            for client in 0..<8 {
                clients.addTask {
                    var written: Set<Int> = []
                    guard let connection = try? HTTPClient(port: server.port) else { return [] }
                    for row in stride(from: first + client, to: first + 100_000, by: 8) {
                        let reply = try? await connection.request(
                            "POST", "/v1/query", headers: [("Authorization", "Bearer \(ada.token)")],
                            json: #"{"sql":"INSERT INTO t VALUES (?)","args":[\#(row)]}"#)
                        guard let reply else { break }
                        #expect(reply.status == 200)
                        written.insert(row)
                        count.value.add(1, ordering: .relaxed)
                    }
                    await connection.close()
                    return written
                }
            }
            return await clients.reduce(into: Set()) { $0.formUnion($1) }
        }
        try await killer.value
        return written
    }

    /// Writes and registers until the signal comes, after some writes and at any moment of the next.
    ///
    /// - Returns: the users whose registration was acknowledged.
    private func killDuringWrites(
        _ server: ServerProcess, as ada: SystemUser, round: Int, _ history: inout History
    ) async throws -> [SystemUser] {
        let writes = Atomic(0)
        let limit = Int.random(in: 1...40)
        let registrations = Task { try await register(server, round: round) }
        let killer = Task {
            try await eventually { writes.load(ordering: .relaxed) >= limit }
            // Nothing is waited for: this is what makes the moment a random one.
            usleep(UInt32.random(in: 0...3_000))
            server.process.send(SIGKILL)
        }
        while true {
            guard
                let reply = try? await server.call(
                    "POST", "/v1/query", as: ada,
                    json: #"{"sql":"INSERT INTO t(w) VALUES (randomblob(\#(Int.random(in: 1...20_000))))"}"#)
            else { break }
            #expect(reply.status == 200)
            writes.wrappingAdd(1, ordering: .relaxed)
        }
        try await killer.value
        history.expectWrites(writes.load(ordering: .relaxed))
        return try await registrations.value
    }

    private func register(_ server: ServerProcess, round: Int) async throws -> [SystemUser] {
        let client = try HTTPClient(port: server.port)
        var users: [SystemUser] = []
        while true {
            let user = SystemUser(name: "user-\(round)-\(users.count)", password: "correct horse", token: "")
            let reply = try? await client.request("POST", "/v1/users", headers: [], json: user.credentials)
            guard let reply else { break }
            #expect(reply.status == 201)
            users.append(user)
        }
        await client.close()
        return users
    }
}

/// Writes that were acknowledged, to several clients.
private final class WriteCount: Sendable {
    let value = Atomic(0)
}

/// What the servers before have acknowledged.
private struct History {
    var registered: [SystemUser] = []
    private(set) var writes = 0
    /// One more may have been written whose answer did not come.
    private var mayHaveOneMore = false

    mutating func expectWrites(_ count: Int) {
        writes += count
        mayHaveOneMore = true
    }

    mutating func check(_ server: ServerProcess, as ada: SystemUser) async throws {
        let found = try await server.rows("SELECT count(*) FROM t", as: ada)
        let count = Int(found.arrayValue?.first?.arrayValue?.first?.integerValue ?? -1)
        #expect((writes...writes + (mayHaveOneMore ? 1 : 0)).contains(count), "\(count) of \(writes)")
        writes = count
        #expect(try await server.rows("PRAGMA integrity_check", as: ada) == .array([.array([.string("ok")])]))
        for user in registered {
            let user = try await server.login(user)
            #expect(try await server.rows("PRAGMA integrity_check", as: user) == .array([.array([.string("ok")])]))
        }
        registered = []
    }
}
