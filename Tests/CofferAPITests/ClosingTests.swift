import CofferTesting
import JSON
import Testing

@testable import UserEngines

@Suite("What is closed when")
struct ClosingTests {
    private static let endless = LimitTests.endless

    @Test("the last logout closes the engine before it is answered")
    func lastLogout() async throws {
        try await APIFixture.run { api in
            let first = try await api.makeUser()
            let second = try await api.session(of: first.name)
            try await api.rows("CREATE TABLE t(v)", as: first)
            try await api.rows("SELECT * FROM t", as: second)
            #expect(api.openUserFiles != [])
            #expect(try await api.call("DELETE", "/v1/sessions/current", as: first.token).status == 204)
            #expect(api.openUserFiles != [], "the other session goes on")
            try await api.rows("SELECT * FROM t", as: second)
            #expect(try await api.call("DELETE", "/v1/sessions/\(second.sessionID)", as: second.token).status == 204)
            #expect(api.openUserFiles == [])
            #expect(api.engines.census().open == 0)
            let names = FileTree.paths(under: api.directory + "/data/users").filter { !FileTree.isDirectory($0) }
            #expect(names.allSatisfy { $0.hasSuffix("main.db") }, "\(names)")
        }
    }

    @Test("a logout leaves the engines of others open")
    func logoutOfOne() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            for user in [ada, eve] { try await api.rows("CREATE TABLE t(v)", as: user) }
            _ = try await api.call("DELETE", "/v1/sessions/current", as: ada.token)
            #expect(api.openUserFiles.allSatisfy { $0.contains(eve.id) } && api.openUserFiles != [])
            try await api.rows("SELECT * FROM t", as: eve)
        }
    }

    @Test("a logout while a statement runs closes the engine when the statement is done")
    func logoutDuringQuery() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let other = try HTTPClient(port: api.server.port)
            try await other.sendQuery(Self.endless, as: user)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            #expect(try await api.call("DELETE", "/v1/sessions/current", as: user.token).status == 204)
            #expect(api.engines.census().readers.occupancy.leased == 1, "what runs is not cut off")
            await other.close()
            try await eventually { api.openUserFiles == [] }
            try await eventually { api.engines.census().open == 0 }
        }
    }

    @Test("a login after the last logout opens the database afresh")
    func loginAfterLogout() async throws {
        try await APIFixture.run { api in
            let first = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: first)
            for _ in 0..<3 {
                let user = try await api.session(of: first.name)
                try await api.rows("INSERT INTO t VALUES (1)", as: user)
                _ = try await api.call("DELETE", "/v1/sessions", as: user.token)
                _ = try await api.call("DELETE", "/v1/sessions/current", as: user.token)
                #expect(api.openUserFiles == [])
            }
            let user = try await api.session(of: first.name)
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[3]]"))
        }
    }

    @Test("an account that is deleted while its statements run is gone, and so are its files")
    func deletionDuringQuery() async throws {
        try await APIFixture.run {
            $0.engines.drainTimeout = .milliseconds(100)
        } _: { api in
            let user = try await api.makeUser()
            let other = try HTTPClient(port: api.server.port)
            try await other.sendQuery(Self.endless, as: user)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            let reply = try await api.call(
                "DELETE", "/v1/me", as: user.token, json: #"{"password":"\#(user.password)"}"#)
            #expect(reply.status == 204, "\(reply)")
            #expect(api.openUserFiles == [])
            #expect(FileTree.paths(under: api.directory + "/data/users").filter { $0.contains("main.db") } == [])
            // Not `statement_timeout`: the statement had time left.
            try expectProblem(try await other.readReply(), 503, "engine_unavailable")
            await other.close()
        }
    }

    @Test(
        "a client that goes away in the middle of its statement cancels it",
        arguments: [LimitTests.endless, LimitTests.endlessInsert])
    func clientGone(_ sql: String) async throws {
        try await APIFixture.run {
            $0.engines.readers = 1
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let gone = try HTTPClient(port: api.server.port)
            try await gone.sendQuery(sql, as: user)
            try await eventually { api.engines.census().total.occupancy.leased == 1 }
            await gone.close()
            let start = ContinuousClock.now
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            #expect(start.duration(to: .now) < .seconds(15), "half of what the statement may take")
            try await eventually { api.server.requestsInFlight == 0 }
            let census = api.engines.census().total
            #expect(census.occupancy.leased == 0)
            #expect(api.countedConnections == census.occupancy.total)
        }
    }

    @Test("an engine that nobody is active on is closed by the reaper")
    func reaped() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            #expect(await api.reaper.pass().closed == 0)
            try await api.accounts.endSessions(of: try #require(UserID(user.id)))
            #expect(api.openUserFiles != [])
            #expect(await api.reaper.pass().closed == 1)
            #expect(api.openUserFiles == [])
        }
    }

    @Test("the token survives a restart of the service, and opens the same database")
    func restart() async throws {
        try await withTemporaryDirectory { directory in
            var user: APIUser?
            try await APIFixture.run(in: directory.path) { api in
                let ada = try await api.makeUser()
                try await api.rows("CREATE TABLE t(v)", as: ada)
                user = ada
            }
            let ada = try #require(user)
            try await APIFixture.run(in: directory.path) { api in
                try await api.rows("SELECT * FROM t", as: ada)
                #expect(try await api.call("DELETE", "/v1/sessions/current", as: ada.token).status == 204)
            }
            try await APIFixture.run(in: directory.path) { api in
                try expectProblem(try await api.query("SELECT 1", as: ada), 401, "invalid_token")
            }
        }
    }

    @Test("a page that is damaged is the server's failure, not the statement's")
    func damagedPage() async throws {
        try await withTemporaryDirectory { directory in
            var user: APIUser?
            try await APIFixture.run(in: directory.path) { api in
                let ada = try await api.makeUser()
                try await api.rows("CREATE TABLE t(v)", as: ada)
                // All three begin on the second page; each goes on on one of its own.
                for _ in 1...3 { try await api.rows("INSERT INTO t VALUES (zeroblob(5000))", as: ada) }
                user = ada
            }
            let ada = try #require(user)
            let path = try #require(
                FileTree.paths(under: directory.path).first { $0.hasSuffix("\(ada.id)/main.db") })
            var bytes = FileContent.bytes(of: path)
            #expect(bytes.count == 5 * 4096)
            for page in 2..<5 { bytes[page * 4096 + 100] ^= 1 }
            FileContent.write(bytes, to: path)
            try await APIFixture.run(in: directory.path) { api in
                let read = "SELECT sum(length(hex(v))) FROM t"
                for sql in [read, "UPDATE t SET v = hex(v)"] {
                    for _ in 0..<2 {
                        let problem = try expectProblem(
                            try await api.query(sql, as: ada), 503, "engine_unavailable")
                        #expect(problem["sqlite_code"] == .string("SQLITE_ERROR"))
                    }
                }
                try expectProblem(
                    try await api.batch(#"[{"sql":"\#(read)"}]"#, as: ada), 503,
                    "engine_unavailable")
                try expectProblem(try await api.query("SELECT nope", as: ada), 400, "sql_error")
            }
        }
    }

    @Test("a database that is missing or damaged is an error for that user alone, and never replaced")
    func damaged() async throws {
        try await withTemporaryDirectory { directory in
            var users: [APIUser] = []
            try await APIFixture.run(in: directory.path) { api in
                for name in ["ada", "eve", "joe"] { users.append(try await api.makeUser(name)) }
                for user in users { try await api.rows("CREATE TABLE t(v)", as: user) }
            }
            let paths = users.map { user in
                FileTree.paths(under: directory.path).first { $0.hasSuffix("\(user.id)/main.db") } ?? ""
            }
            FileContent.write([UInt8](repeating: 0x55, count: 8192), to: paths[0])
            FileTree.removeFile(paths[1])
            try await APIFixture.run(in: directory.path) { api in
                for user in users[..<2] {
                    for _ in 0..<2 {
                        try expectProblem(try await api.query("SELECT 1", as: user), 503, "engine_unavailable")
                    }
                }
                try await api.rows("SELECT * FROM t", as: users[2])
                #expect(api.openUserFiles.allSatisfy { $0.contains(users[2].id) })
            }
            #expect(FileContent.bytes(of: paths[0]).count == 8192)
            #expect(FileContent.bytes(of: paths[1]) == [])
        }
    }
}
