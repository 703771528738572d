import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Stopping and starting the server")
struct RestartTests {
    @Test(
        "after SIGTERM the server ends with 0, leaves no log behind, and the next one takes the old token",
        arguments: [SIGTERM, SIGINT])
    func stop(_ signal: Int32) async throws {
        try await withTemporaryDirectory { directory in
            var user: SystemUser?
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                try await server.rows("INSERT INTO t VALUES (?)", "[42]", as: ada)
                server.process.send(signal)
                #expect(try await server.process.wait() == .exit(0))
                #expect(leftOver(in: server.data) == [])
                user = ada
            }
            let ada = try #require(user)
            try await ServerProcess.run(in: directory) { server in
                let rows = try await server.rows("SELECT v FROM t", as: ada)
                #expect(rows == .array([.array([.integer(42)])]))
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test("a directory whose user the catalog does not know is told of and left alone")
    func strayDirectory() async throws {
        try await withTemporaryDirectory { directory in
            let id = "0123456789abcdef0123456789abcdef"
            try await ServerProcess.run(in: directory) { server in
                _ = try await server.makeUser("ada")
                #expect(try await server.stop() == .exit(0))
            }
            let data = directory.file("data")
            if !FileTree.isDirectory(data + "/users/01") { FileTree.makeDirectory(data + "/users/01") }
            FileTree.makeDirectory(data + "/users/01/\(id)")
            FileContent.write("kept", to: data + "/users/01/\(id)/main.db")
            try await ServerProcess.run(in: directory) { server in
                #expect(server.written.contains("catalog does not know"))
                #expect(server.written.contains("users/01/\(id)"))
                #expect(server.written.contains("\"count\":\"1\"") || server.written.contains("count=1"))
                let ending = try await server.stop()
                #expect(ending == .exit(0))
            }
            #expect(FileContent.text(of: data + "/users/01/\(id)/main.db") == "kept")
        }
    }

    @Test("a request in flight is answered before the server stops")
    func stopWithRequestInFlight() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                let other = try await startEndless("/v1/query?timeout_ms=2000", as: ada, on: server)
                server.process.send(SIGTERM)
                let reply = try await other.readReply()
                #expect(reply.status == 408)
                await other.close()
                #expect(try await server.process.wait() == .exit(0))
                #expect(leftOver(in: server.data) == [])
            }
        }
    }

    @Test("a statement that does not end is cut, the whole stop keeps its time, and the server still ends with 0")
    func stopWithEndlessStatement() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, ["--shutdown-timeout", "8s"]) { server in
                let ada = try await server.makeUser("ada")
                let other = try await startEndless("/v1/query", as: ada, on: server)
                server.process.send(SIGTERM)
                // Docker kills after 10 s. https://docs.docker.com/reference/cli/docker/container/stop/
                #expect(try await server.process.wait(within: .seconds(10)) == .exit(0))
                #expect(leftOver(in: server.data) == [])
                await other.close()
            }
        }
    }

    /// A client whose statement runs, and does not end by itself.
    private func startEndless(_ target: String, as user: SystemUser, on server: ServerProcess) async throws
        -> HTTPClient
    {
        let client = try HTTPClient(port: server.port)
        try await client.send(
            HTTPClient.encode(
                "POST", target,
                headers: [("Authorization", "Bearer \(user.token)"), ("Content-Type", "application/json")],
                body: Array(#"{"sql":"\#(Self.endless)"}"#.utf8)))
        try await eventually {
            try await server.call("GET", "/metrics").text
                .contains(#"coffer_connections{pool_role="reader",state="leased"} 1"#)
        }
        return client
    }

    private static let endless =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"

    private func leftOver(in data: String) -> [String] {
        FileTree.paths(under: data).filter { $0.hasSuffix("-wal") || $0.hasSuffix("-shm") || $0.hasSuffix("-journal") }
    }
}
