import CofferTesting
import JSON
import Synchronization
import Testing

@Suite("Backups of the built server")
struct BackupTests {
    @Test("while backups are made under writes, and after, no file holds what the user wrote")
    func plaintext() async throws {
        try await withTemporaryDirectory { directory in
            let marker = "a-marker-that-is-nowhere-else"
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                try await server.rows(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
                        + "INSERT INTO t SELECT '\(marker)' || i FROM n", as: ada)
                let isOver = Atomic(false)
                let looks = Atomic(0)
                let data = server.data
                // Reading is safe: this process has none of the files open.
                let looking = Task {
                    var found: Set<String> = []
                    while !isOver.load(ordering: .relaxed) {
                        for path in FileTree.paths(under: data) where !FileTree.isDirectory(path) {
                            if FileContent.bytes(of: path).contains(textOf: marker) { found.insert(path) }
                        }
                        looks.add(1, ordering: .relaxed)
                        await Task.yield()
                    }
                    return found
                }
                var round = 0
                while round < 3 || looks.load(ordering: .relaxed) < 3 {
                    try await server.rows("INSERT INTO t VALUES ('\(marker)')", as: ada)
                    let made = try await server.call("POST", "/v1/backups", as: ada)
                    #expect(made.status == 201, "\(made)")
                    let id = try #require(try JSONValue(parsing: made.body)["id"]?.stringValue)
                    let restored = try await server.call("POST", "/v1/backups/\(id)/restore", as: ada)
                    #expect(restored.status == 200, "\(restored)")
                    let rotated = try await server.call(
                        "POST", "/v1/me/rotate-key", as: ada, json: #"{"password":"\#(ada.password)"}"#)
                    #expect(rotated.status == 204, "\(rotated)")
                    round += 1
                }
                isOver.store(true, ordering: .relaxed)
                #expect(await looking.value == [])
                #expect(try await server.stop() == .exit(0))
                for path in FileTree.paths(under: data) where !FileTree.isDirectory(path) {
                    #expect(!FileContent.bytes(of: path).contains(textOf: marker), "\(path)")
                    #expect(FileTree.permissions(of: path) == 0o600, "\(path)")
                }
            }
        }
    }

    @Test("a backup is due for whoever comes back after the interval, and a stopping server cancels the one it makes")
    func schedule() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, ["--backup-interval", "1ms", "--backup-keep", "1"]) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                try await eventually {
                    let reply = try await server.call("GET", "/v1/backups", as: ada)
                    let items = try JSONValue(parsing: reply.body)["items"]?.arrayValue ?? []
                    return items.contains {
                        $0["kind"] == .string("scheduled") && $0["state"] == .string("complete")
                    }
                }
                #expect(try await server.stop() == .exit(0))
                #expect(FileTree.paths(under: server.data).filter { $0.contains(".partial") } == [])
            }
        }
    }
}
