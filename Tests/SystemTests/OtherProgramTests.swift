import CofferTesting
import Glibc
import Testing

@Suite("Exports of the built server in other programs")
struct OtherProgramTests {
    private static let passphrase = "it's a \"passphrase\" with é"

    /// The export of a user with a table of three rows.
    private func withExports(
        _ body: (_ directory: String, ServerProcess, _ export: (String) async throws -> String) async throws -> Void
    ) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE notes(id INTEGER PRIMARY KEY, body)", as: ada)
                try await server.rows("INSERT INTO notes(body) VALUES ('one'), ('two'), ('three')", as: ada)
                try await body(directory.path, server) { format in
                    let reply = try await server.client.request(
                        "GET", "/v1/export?format=\(format)",
                        headers: [
                            ("Authorization", "Bearer \(ada.token)"), ("X-Coffer-Passphrase", Self.passphrase),
                        ])
                    try #require(reply.status == 200, "\(reply)")
                    let path = "\(directory.path)/exported.\(format)"
                    FileContent.write(reply.body, to: path)
                    return path
                }
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    private func answer(
        of program: String, _ path: String, _ sql: String, in directory: String
    ) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run(
            program, ["-batch", "-init", "/dev/null", path], in: directory, input: Array(sql.utf8))
    }

    @Test("the sqlcipher command opens an export under its passphrase, and with no other")
    func sqlcipher() async throws {
        try await withExports { directory, _, export in
            let path = try await export("sqlcipher")
            let quoted = Self.passphrase.replacing("'", with: "''")
            let rows = "SELECT body FROM notes ORDER BY id; PRAGMA cipher_integrity_check; PRAGMA integrity_check;"
            let right = try await answer(
                of: "/usr/bin/sqlcipher", path, "PRAGMA key = '\(quoted)';\n\(rows)\n", in: directory)
            #expect(right.output.split(separator: "\n") == ["ok", "one", "two", "three", "ok"], "\(right.errors)")
            let wrong = try await answer(of: "/usr/bin/sqlcipher", path, "PRAGMA key = 'x';\n\(rows)\n", in: directory)
            #expect(!wrong.output.contains("one"))
            #expect(wrong.errors.contains("file is not a database"))
        }
    }

    @Test("a file of SQLCipher with other settings than its default ones is refused")
    func otherSettings() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                for setting in ["cipher_page_size = 8192", "cipher_compatibility = 3", "kdf_iter = 64000"] {
                    let path = directory.file("other.db")
                    let made = try await answer(
                        of: "/usr/bin/sqlcipher", path,
                        "PRAGMA key = 'p';\nPRAGMA \(setting);\nDROP TABLE IF EXISTS t;\nCREATE TABLE t(x);\n",
                        in: directory.path)
                    try #require(made.ending == .exit(0), "\(made.errors)")
                    let reply = try await server.client.request(
                        "PUT", "/v1/import",
                        headers: [("Authorization", "Bearer \(ada.token)"), ("X-Coffer-Passphrase", "p")],
                        body: FileContent.bytes(of: path))
                    #expect(reply.status == 422, "\(setting): \(reply)")
                    #expect(reply.text.contains("no database, or another passphrase"))
                    unlink(path)
                }
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test("the sqlite3 command opens a plain export and reads SQL text")
    func plain() async throws {
        try await withExports { directory, _, export in
            let path = try await export("sqlite")
            let rows = "SELECT body FROM notes ORDER BY id; PRAGMA integrity_check;\n"
            let expected = ["one", "two", "three", "ok"]
            let answered = try await answer(of: "/usr/bin/sqlite3", path, rows, in: directory)
            #expect(answered.output.split(separator: "\n").map(String.init) == expected, "\(answered.errors)")
            let text = String(decoding: FileContent.bytes(of: try await export("sql")), as: UTF8.self)
            let read = try await answer(of: "/usr/bin/sqlite3", directory + "/read.sqlite3", text + rows, in: directory)
            #expect(read.output.split(separator: "\n").map(String.init) == expected, "\(read.errors)")
        }
    }
}
