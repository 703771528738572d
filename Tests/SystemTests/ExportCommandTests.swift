import CofferTesting
import Glibc
import SQLCipher
import Testing

@Suite("coffer export")
struct ExportCommandTests {
    private func export(
        _ data: LeftData, _ format: String, to name: String, input: String = "correct horse\n", _ more: [String] = []
    ) async throws -> ChildProcess.Outcome {
        try await data.run(
            ["export", "--user", "ada", "--format", format, "--output", data.directory.file(name)] + more, input: input)
    }

    private func sqlite(_ data: LeftData, _ arguments: [String], input: String = "") async throws -> String {
        let outcome = try await ChildProcess.run(
            "/usr/bin/sqlite3", arguments, in: data.directory.path, input: Array(input.utf8))
        #expect(outcome.ending == .exit(0), "\(outcome)")
        return outcome.output
    }

    @Test("a plain database and SQL text, which the sqlite3 of the system reads")
    func plain() async throws {
        try await LeftData.make { data in
            let database = try await export(data, "sqlite", to: "ada.sqlite3")
            #expect(database.ending == .exit(0), "\(database)")
            #expect(try await sqlite(data, ["ada.sqlite3", "SELECT text FROM notes"]) == "of ada's\n")
            let text = try await export(data, "sql", to: "ada.sql")
            #expect(text.ending == .exit(0), "\(text)")
            let sql = FileContent.text(of: data.directory.file("ada.sql"))
            _ = try await sqlite(data, ["again.sqlite3"], input: sql)
            #expect(try await sqlite(data, ["again.sqlite3", "SELECT text FROM notes"]) == "of ada's\n")
            for name in ["ada.sqlite3", "ada.sql"] {
                #expect(FileTree.permissions(of: data.directory.file(name)) == 0o600)
            }
            #expect(FileTree.paths(under: data.directory.path).allSatisfy { !$0.hasSuffix(".partial") })
            #expect(try await data.run(["doctor"]).ending == .exit(0))
        }
    }

    @Test("an encrypted database, under the passphrase of the second line")
    func encrypted() async throws {
        try await LeftData.make { data in
            let outcome = try await export(
                data, "sqlcipher", to: "ada.db", input: "correct horse\nbattery staple\n")
            #expect(outcome.ending == .exit(0), "\(outcome)")
            let configuration = ConnectionConfiguration(path: data.directory.file("ada.db"), fileSystem: .immutable)
            let connection = try Array("battery staple".utf8).withUnsafeBytes {
                try Connection.open(configuration, passphrase: $0)
            }
            #expect(try connection.firstRow("SELECT text FROM notes") == [.text("of ada's")])
            try connection.close()
            let missing = try await export(data, "sqlcipher", to: "none.db")
            #expect(missing.ending != .exit(0))
            #expect(missing.errors.contains("no passphrase"))
            #expect(!FileTree.paths(under: data.directory.path).contains(data.directory.file("none.db")))
        }
    }

    @Test("a file that is there stays, unless it is to be replaced")
    func existing() async throws {
        try await LeftData.make { data in
            let path = data.directory.file("ada.sql")
            FileContent.write("mine", to: path)
            let refused = try await export(data, "sql", to: "ada.sql")
            #expect(refused.ending != .exit(0))
            #expect(refused.errors.contains("--force"), "\(refused)")
            #expect(FileContent.text(of: path) == "mine")
            let failed = try await export(data, "sql", to: "ada.sql", input: "incorrect\n", ["--force"])
            #expect(failed.ending != .exit(0))
            #expect(failed.errors.contains("invalid_credentials"))
            #expect(FileContent.text(of: path) == "mine")
            let replaced = try await export(data, "sql", to: "ada.sql", ["--force"])
            #expect(replaced.ending == .exit(0), "\(replaced)")
            #expect(FileContent.text(of: path).contains("of ada"))
        }
    }

    @Test("no session stays, and a running server is asked instead")
    func server() async throws {
        try await LeftData.make { data in
            #expect(try await export(data, "sql", to: "ada.sql").ending == .exit(0))
            try await ServerProcess.run(in: data.directory) { server in
                let ada = try await server.login(data.ada)
                let sessions = try await server.call("GET", "/v1/sessions", as: ada).text
                #expect(!sessions.contains("\"command\""), "\(sessions)")
                let refused = try await export(data, "sql", to: "other.sql")
                #expect(refused.ending != .exit(0))
                #expect(refused.errors.contains("GET /v1/export"), "\(refused)")
                #expect(try await server.stop() == .exit(0))
            }
        }
    }
}
