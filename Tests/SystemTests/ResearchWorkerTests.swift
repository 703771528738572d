import CofferTesting
import Glibc
import JSON
import Testing

@Suite("The example of a research worker")
struct ResearchWorkerTests {
    private static let repository = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
    private static let arguments = [
        repository + "/Examples/research-worker/worker.py", "user database", "--documents", repository + "/docs",
    ]

    @Test("it completes with every finding once, although its user logs out and the server is killed twice")
    func survives() async throws {
        try await withTemporaryDirectory { directory in
            let expected = try await expectedFindings(in: directory)
            try #require(expected.count > 20)
            var worker: ChildProcess?
            do {
                var port: UInt16 = 0
                try await ServerProcess.run(in: directory) { server in
                    port = server.port
                    let ada = try await server.makeUser("ada")
                    #expect(try await server.call("DELETE", "/v1/sessions/current", as: ada).status == 204)
                    worker = startWorker(on: port, in: directory)
                    try await kill(server)
                }
                let running = try #require(worker)
                try await eventually { outages(running) == 1 }
                try await ServerProcess.run(in: directory, port: port) { try await kill($0) }
                try await eventually { outages(running) == 2 }
                try await ServerProcess.run(in: directory, port: port) { server in
                    #expect(try await running.wait(within: .seconds(60)) == .exit(0), "\(running.errors)")
                    try await expectResult(expected, on: server)
                    #expect(try await server.stop() == .exit(0))
                }
            } catch {
                worker?.killNow()
                if let worker { Issue.record("the worker wrote: \(worker.errors)\(worker.output)") }
                throw error
            }
        }
    }

    private func startWorker(on port: UInt16, in directory: TemporaryDirectory) -> ChildProcess {
        ChildProcess(
            "python3",
            Self.arguments + [
                "--server", "http://127.0.0.1:\(port)", "--user", "ada", "--batch", "1",
                // It must not be done before the server has been killed twice.
                "--pause", "1",
            ],
            environment: ["COFFER_PASSWORD": "correct horse", "PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"],
            in: directory.path)
    }

    /// Kills a server that has taken some findings, in the middle of the next ones.
    private func kill(_ server: ServerProcess) async throws {
        let taken = #"coffer_http_requests_total{route="/v1/research/{id}/findings",method="POST",status="201"} "#
        try await eventually {
            let metrics = try await server.call("GET", "/metrics").text
            let line = metrics.split(separator: "\n").first { $0.hasPrefix(taken) }
            return line.flatMap { Int($0.dropFirst(taken.count)) }.map { $0 >= 4 } ?? false
        }
        server.process.send(SIGKILL)
        #expect(try await server.process.wait() == .signal(SIGKILL))
    }

    /// How often the worker has lost its server, by what it says.
    private func outages(_ worker: ChildProcess) -> Int {
        worker.errors.split(separator: "\n").count { $0.hasPrefix("the server is away") }
    }

    /// What the worker finds without a server, by key.
    private func expectedFindings(in directory: TemporaryDirectory) async throws -> [JSONValue] {
        let run = try await ChildProcess.run(
            "python3", Self.arguments + ["--dry-run"],
            environment: ["PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1"], in: directory.path)
        try #require(run.ending == .exit(0), "\(run.errors)")
        return try run.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
    }

    /// The user logs in again and finds the research complete.
    private func expectResult(_ expected: [JSONValue], on server: ServerProcess) async throws {
        let login = try await server.call(
            "POST", "/v1/sessions", json: #"{"username":"ada","password":"correct horse"}"#)
        let token = try #require(try JSONValue(parsing: login.body)["token"]?.stringValue, "\(login)")
        let ada = SystemUser(name: "ada", password: "correct horse", token: token)
        let list = try JSONValue(parsing: try await server.call("GET", "/v1/research", as: ada).body)
        let research = try #require(list["items"]?.arrayValue?.first)
        #expect(list["items"]?.arrayValue?.count == 1)
        #expect(research["state"] == .string("completed"))
        #expect(research["result"]?["passages"] == .integer(Int64(expected.count)))
        #expect(research["findings"] == .integer(Int64(expected.count)))
        let id = try #require(research["id"]?.stringValue)
        let page = try JSONValue(
            parsing: try await server.call("GET", "/v1/research/\(id)/findings?limit=200", as: ada).body)
        #expect(page["next_cursor"] == .null)
        let found = page["items"]?.arrayValue ?? []
        for field in ["key", "title", "url", "content", "data"] {
            #expect(found.map { $0[field] } == expected.map { $0[field] }, "\(field)")
        }
    }
}
