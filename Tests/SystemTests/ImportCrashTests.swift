import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Killing the server while a database comes in")
struct ImportCrashTests {
    private static let rounds = LongTests.areEnabled ? 50 : 5

    /// A plain database of some megabytes, so that each part of the import takes its time.
    private static func makeForeign(in directory: String) async throws -> [UInt8] {
        let path = directory + "/foreign.sqlite3"
        let sql = """
            CREATE TABLE mark(v); INSERT INTO mark VALUES ('imported'); CREATE TABLE filling(v);
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
            INSERT INTO filling SELECT randomblob(4000) FROM n; CREATE INDEX i ON filling(v);
            """
        let outcome = try await ChildProcess.run("/usr/bin/sqlite3", ["-batch", path, sql], in: directory)
        try #require(outcome.ending == .exit(0), "\(outcome.errors)")
        return FileContent.bytes(of: path)
    }

    @Test("a kill leaves the one database or the other whole, and nothing half done after the next start")
    func kill() async throws {
        try await withTemporaryDirectory { directory in
            let foreign = try await Self.makeForeign(in: directory.path)
            var ada: SystemUser?
            for round in 1...Self.rounds {
                var answer: HTTPReply?
                try await ServerProcess.run(in: directory) { server in
                    if ada == nil {
                        let user = try await server.makeUser("ada")
                        try await server.rows("CREATE TABLE mark(v)", as: user)
                        try await server.rows("INSERT INTO mark VALUES ('')", as: user)
                        ada = user
                    }
                    let user = try #require(ada)
                    try await server.rows("UPDATE mark SET v = \(round)", as: user)
                    let killer = Task {
                        usleep(UInt32.random(in: 0...1_500_000))
                        server.process.send(SIGKILL)
                    }
                    answer = try? await server.client.request(
                        "PUT", "/v1/import", headers: [("Authorization", "Bearer \(user.token)")], body: foreign)
                    if let answer { #expect(answer.status == 200, "\(answer)") }
                    await killer.value
                    #expect(try await server.process.wait() == .signal(SIGKILL))
                }
                let user = try #require(ada)
                let wasAnswered = answer != nil
                try await ServerProcess.run(in: directory) { server in
                    try await expectWhole(server, user, round: round, wasAnswered: wasAnswered)
                    #expect(try await server.stop() == .exit(0))
                }
            }
        }
    }

    private func expectWhole(
        _ server: ServerProcess, _ ada: SystemUser, round: Int, wasAnswered: Bool
    ) async throws {
        #expect(FileTree.paths(under: server.data).filter { $0.contains(".partial") } == [])
        let mark = try await server.rows("SELECT v FROM mark", as: ada)
        let isImported = mark == .array([.array([.string("imported")])])
        #expect(isImported || mark == .array([.array([.integer(Int64(round))])]), "\(mark)")
        if wasAnswered { #expect(isImported) }
        #expect(try await server.rows("PRAGMA integrity_check", as: ada) == .array([.array([.string("ok")])]))
        // What an import has replaced is there, and only then.
        let reply = try await server.call("GET", "/v1/backups", as: ada)
        let safeties = try JSONValue(parsing: reply.body)["items"]?.arrayValue ?? []
        #expect(safeties.count == (isImported ? 1 : 0), "\(reply)")
        guard let id = safeties.first?["id"]?.stringValue else { return }
        let restored = try await server.call("POST", "/v1/backups/\(id)/restore", as: ada)
        #expect(restored.status == 200, "\(restored)")
        #expect(try await server.rows("SELECT v FROM mark", as: ada) == .array([.array([.integer(Int64(round))])]))
        let listed = try await server.call("GET", "/v1/backups", as: ada)
        for item in try JSONValue(parsing: listed.body)["items"]?.arrayValue ?? [] {
            let path = "/v1/backups/\(item["id"]?.stringValue ?? "")"
            #expect(try await server.call("DELETE", path, as: ada).status == 204)
        }
    }
}
