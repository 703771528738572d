import CofferTesting
import Glibc
import JSON
import Synchronization
import Testing

@Suite("Killing the server while it works on whole files")
struct BackupCrashTests {
    /// How often in a row.
    private static let rounds = LongTests.areEnabled ? 50 : 5

    @Test("a kill during a backup loses no write, and every backup there is can be opened")
    func backup() async throws {
        try await run { server, ada in
            try await writeUntilKilled(server, ada, duringCall: "/v1/backups")
        } check: { server, ada in
            let items = try await backups(server, ada)
            for item in items {
                let reply = try await server.call("POST", "/v1/backups/\(item.id)/verify", as: ada)
                #expect(reply.status == 200, "\(reply)")
            }
            #expect(items.allSatisfy { $0.state == "complete" })
            for item in items { _ = try await server.call("DELETE", "/v1/backups/\(item.id)", as: ada) }
        }
    }

    @Test("a kill during a change of the key loses no write, and the next opening finds the right key")
    func rotation() async throws {
        try await run { server, ada in
            // A service database, so that there are two files to change.
            _ = try await server.call("POST", "/v1/research", as: ada, json: #"{"title":"x"}"#)
            for research in try await items(server, "/v1/research", ada) {
                let id = research["id"]?.stringValue ?? ""
                _ = try await server.call("POST", "/v1/research/\(id)/cancel", as: ada)
            }
            return try await writeUntilKilled(
                server, ada, duringCall: "/v1/me/rotate-key", json: #"{"password":"\#(ada.password)"}"#)
        } check: { server, ada in
            let reply = try await server.call("GET", "/v1/research", as: ada)
            #expect(reply.status == 200, "\(reply)")
        }
    }

    @Test("a kill during a restore leaves the one database or the other, and the replaced one as a backup")
    func restore() async throws {
        try await withTemporaryDirectory { directory in
            var user: SystemUser?
            var old = ""
            for round in 1...Self.rounds {
                try await ServerProcess.run(in: directory) { server in
                    let ada: SystemUser
                    if let known = user {
                        ada = known
                    } else {
                        ada = try await prepare(server)
                        let reply = try await server.call("POST", "/v1/backups", as: ada, json: #"{"label":"old"}"#)
                        old = try #require(try JSONValue(parsing: reply.body)["id"]?.stringValue)
                        user = ada
                    }
                    try await server.rows("UPDATE mark SET v = \(round)", as: ada)
                    let killer = Task {
                        usleep(UInt32.random(in: 0...150_000))
                        server.process.send(SIGKILL)
                    }
                    let reply = try? await server.call("POST", "/v1/backups/\(old)/restore", as: ada)
                    if let reply { #expect(reply.status == 200, "\(reply)") }
                    await killer.value
                    #expect(try await server.process.wait() == .signal(SIGKILL))
                    let ada2 = ada
                    try await ServerProcess.run(in: directory) { server in
                        expectNothingHalfDone(server)
                        let mark = try await self.mark(server, ada2)
                        if reply != nil { #expect(mark == 0) }
                        #expect(mark == 0 || mark == round)
                        try await expectIntact(server, ada2)
                        let safeties = try await backups(server, ada2).filter { $0.kind == "safety" }
                        #expect(safeties.count == (mark == 0 ? 1 : 0))
                        if let safety = safeties.first {
                            let reply = try await server.call("POST", "/v1/backups/\(safety.id)/restore", as: ada2)
                            #expect(reply.status == 200, "\(reply)")
                            #expect(try await self.mark(server, ada2) == round)
                        }
                        for safety in try await backups(server, ada2) where safety.kind == "safety" {
                            _ = try await server.call("DELETE", "/v1/backups/\(safety.id)", as: ada2)
                        }
                        #expect(try await server.stop() == .exit(0))
                    }
                }
            }
        }
    }

    /// Kills servers in a row, each during `work`, and looks at what the next one finds.
    ///
    /// - Parameter work: returns the number of writes that were acknowledged before the server was killed.
    private func run(
        _ work: (ServerProcess, SystemUser) async throws -> Int,
        check: (ServerProcess, SystemUser) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            var user: SystemUser?
            var writes = 0
            for _ in 0..<Self.rounds {
                try await ServerProcess.run(in: directory) { server in
                    if user == nil { user = try await prepare(server) }
                    writes += try await work(server, user!)
                    #expect(try await server.process.wait() == .signal(SIGKILL))
                }
                let ada = try #require(user)
                try await ServerProcess.run(in: directory) { server in
                    expectNothingHalfDone(server)
                    let found = try await server.rows("SELECT count(*) FROM t", as: ada)
                    let count = Int(found.arrayValue?.first?.arrayValue?.first?.integerValue ?? -1)
                    // One more may have been written whose answer did not come.
                    #expect((writes...writes + 1).contains(count), "\(count) of \(writes)")
                    writes = count
                    try await expectIntact(server, ada)
                    try await check(server, ada)
                    #expect(try await server.stop() == .exit(0))
                }
            }
        }
    }

    /// A user with a database of some megabytes, so that a copy takes its time.
    private func prepare(_ server: ServerProcess) async throws -> SystemUser {
        let ada = try await server.makeUser("ada")
        try await server.rows("CREATE TABLE t(v)", as: ada)
        try await server.rows("CREATE TABLE mark(v)", as: ada)
        try await server.rows("INSERT INTO mark VALUES (0)", as: ada)
        try await server.rows("CREATE TABLE filling(v)", as: ada)
        try await server.rows(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
                + "INSERT INTO filling SELECT randomblob(4000) FROM n", as: ada)
        return ada
    }

    /// Writes, while a call is made over and over, until the server is killed at any moment of it.
    private func writeUntilKilled(
        _ server: ServerProcess, _ ada: SystemUser, duringCall path: String, json: String? = nil
    ) async throws -> Int {
        let port = server.port
        let caller = Task {
            let client = try HTTPClient(port: port)
            let headers = [("Authorization", "Bearer \(ada.token)")]
            while true {
                let reply =
                    if let json {
                        try? await client.request("POST", path, headers: headers, json: json)
                    } else {
                        try? await client.request("POST", path, headers: headers)
                    }
                guard let reply else { break }
                #expect([201, 204].contains(reply.status), "\(reply)")
            }
            await client.close()
        }
        let killer = Task {
            usleep(UInt32.random(in: 0...300_000))
            server.process.send(SIGKILL)
        }
        var writes = 0
        while let reply = try? await server.call(
            "POST", "/v1/query", as: ada, json: #"{"sql":"INSERT INTO t VALUES (1)"}"#)
        {
            #expect(reply.status == 200, "\(reply)")
            writes += 1
        }
        await killer.value
        try await caller.value
        return writes
    }

    private func expectNothingHalfDone(_ server: ServerProcess) {
        #expect(FileTree.paths(under: server.data).filter { $0.contains(".partial") } == [])
    }

    private func expectIntact(_ server: ServerProcess, _ ada: SystemUser) async throws {
        #expect(try await server.rows("PRAGMA integrity_check", as: ada) == .array([.array([.string("ok")])]))
    }

    private func mark(_ server: ServerProcess, _ ada: SystemUser) async throws -> Int {
        let rows = try await server.rows("SELECT v FROM mark", as: ada)
        return Int(rows.arrayValue?.first?.arrayValue?.first?.integerValue ?? -1)
    }

    private struct Listed {
        let id: String
        let kind: String
        let state: String
    }

    private func backups(_ server: ServerProcess, _ ada: SystemUser) async throws -> [Listed] {
        try await items(server, "/v1/backups", ada).map {
            Listed(
                id: $0["id"]?.stringValue ?? "", kind: $0["kind"]?.stringValue ?? "",
                state: $0["state"]?.stringValue ?? "")
        }
    }

    private func items(_ server: ServerProcess, _ path: String, _ ada: SystemUser) async throws -> [JSONValue] {
        let reply = try await server.call("GET", path, as: ada)
        try #require(reply.status == 200, "\(reply)")
        return try JSONValue(parsing: reply.body)["items"]?.arrayValue ?? []
    }
}
