import CofferTesting
import Glibc
import JSON
import Testing

@Suite("coffer backup")
struct BackupCommandTests {
    @Test("list shows every backup with what is wrong with it, and those of one user alone")
    func list() async throws {
        try await LeftData.make { data in
            let all = try await data.run(["backup", "list"])
            #expect(all.ending == .exit(0), "\(all)")
            let lines = all.output.split(separator: "\n").dropFirst()
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.contains("  ok  ") && $0.contains("  manual  ") }, "\(all.output)")
            FileTree.removeFile(try #require(data.backups.first { $0.hasSuffix(".db") }))
            let after = try await data.run(["backup", "list"])
            #expect(after.output.split(separator: "\n").count { $0.contains("  missing  ") } == 1, "\(after.output)")
            let ada = try await data.run(["backup", "list", "--user", "ADA"])
            #expect(ada.output.split(separator: "\n").dropFirst().map { $0.prefix(3) } == ["ada"], "\(ada.output)")
            let nobody = try await data.run(["backup", "list", "--user", "eve"])
            #expect(nobody.ending != .exit(0))
            #expect(nobody.errors.contains("no user 'eve'"))
        }
    }

    @Test("list shows no control character of a label")
    func label() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                let made = try await server.call(
                    "POST", "/v1/backups", as: ada, json: #"{"label":"a\u001b[2Jb"}"#)
                // Whether or not the server takes such a label.
                let list = try await Program.run(["backup", "list", "--data-directory", server.data], in: directory)
                #expect(list.ending == .exit(0), "\(list)")
                #expect(!list.output.contains("\u{1B}"))
                #expect(list.output.contains("[2Jb") == (made.status == 201))
            }
        }
    }

    @Test("verify finds what is wrong with a file without a key")
    func verify() async throws {
        try await LeftData.make { data in
            #expect(try await data.run(["backup", "verify"]).ending == .exit(0))
            let path = try #require(data.backups.first { $0.hasSuffix(".db") })
            let bytes = FileContent.bytes(of: path)
            FileContent.write(Array("SQLite format 3\0".utf8) + bytes.dropFirst(16), to: path)
            let plain = try await data.run(["backup", "verify"])
            #expect(plain.ending == .exit(1), "\(plain)")
            #expect(plain.output.contains("not encrypted"))
            FileContent.write(Array(bytes.dropLast(4096)), to: path)
            let short = try await data.run(["backup", "verify"])
            #expect(short.ending == .exit(1), "\(short)")
            #expect(short.output.contains("the catalog says \(bytes.count)"))
        }
    }

    @Test("verify reads every page with the password, and only with it")
    func verifyWithPassword() async throws {
        try await LeftData.make { data in
            let command = ["backup", "verify", "--user", "ada"]
            let fine = try await data.run(command, input: "correct horse\n")
            #expect(fine.ending == .exit(0), "\(fine)")
            #expect(fine.output.split(separator: "\n").count == 1)
            let refused = try await data.run(command, input: "another horse\n")
            #expect(refused.ending == .exit(2), "\(refused)")
            #expect(refused.errors.contains("invalid_credentials"))
            let silent = try await data.run(command)
            #expect(silent.ending == .exit(2))
            #expect(silent.errors.contains("no password on stdin"))
            for path in data.backups.filter({ $0.hasSuffix(".db") }) {
                var bytes = FileContent.bytes(of: path)
                bytes[bytes.count - 100] ^= 1
                FileContent.write(bytes, to: path)
            }
            #expect(try await data.run(["backup", "verify"]).ending == .exit(0), "only the key tells")
            let damaged = try await data.run(command, input: "correct horse\n")
            #expect(damaged.ending == .exit(1), "\(damaged)")
            #expect(damaged.output.contains("ada"))
            for outcome in [fine, refused, damaged] {
                #expect(!(outcome.output + outcome.errors).contains("horse"))
            }
        }
    }

    @Test("prune applies the retention of the settings, and leaves no record of what it removes")
    func prune() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                for body in ["{}", "{}", #"{"label":"kept"}"#, "{}"] {
                    #expect(try await server.call("POST", "/v1/backups", as: ada, json: body).status == 201)
                }
                let prune = ["backup", "prune", "--backup-keep", "1", "--data-directory", server.data]
                let beside = try await Program.run(prune, environment: Program.environment, in: directory)
                #expect(beside.ending != .exit(0))
                #expect(beside.errors.contains("a server uses this data directory"), "\(beside)")
                #expect(try await server.stop() == .exit(0))
                let alone = try await Program.run(prune, environment: Program.environment, in: directory)
                #expect(alone.ending == .exit(0), "\(alone)")
                #expect(alone.output.split(separator: "\n").count == 2, "\(alone.output)")
                let files = FileTree.paths(under: server.data).filter {
                    $0.hasSuffix(".db") && $0.contains("/backups/")
                }
                #expect(files.count == 2)
                let list = try await Program.run(["backup", "list", "--data-directory", server.data], in: directory)
                #expect(list.output.split(separator: "\n").dropFirst().count == 2)
                #expect(list.output.contains("kept"))
            }
        }
    }

    @Test("a directory that no server has used stays as it is")
    func otherDirectory() async throws {
        try await withTemporaryDirectory { directory in
            let other = directory.file("other")
            FileTree.makeDirectory(other)
            let outcome = try await Program.run(["backup", "prune", "--data-directory", other], in: directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.errors.contains("catalog.db"), "\(outcome)")
            #expect(FileTree.paths(under: other) == [])
        }
    }

    @Test("beside a server list and verify work, and its databases stay locked")
    func besideServer() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                #expect(try await server.call("POST", "/v1/backups", as: ada).status == 201)
                for command in [["backup", "list"], ["backup", "verify"], ["doctor"]] {
                    let outcome = try await Program.run(
                        command + ["--data-directory", server.data], in: directory)
                    #expect(outcome.ending == .exit(0), "\(outcome)")
                }
                let refused = try await Program.run(
                    ["backup", "verify", "--user", "ada", "--data-directory", server.data],
                    environment: Program.environment, in: directory, input: "correct horse\n")
                #expect(refused.ending == .exit(2))
                #expect(refused.errors.contains("/verify"), "\(refused)")
                try await server.rows("INSERT INTO t VALUES (1)", as: ada)
                let database = try #require(FileTree.paths(under: server.data).first { $0.hasSuffix("/main.db") })
                #expect(try isLocked(database), "another process could write to it")
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    /// Whether another process holds one of the locks that SQLite takes.
    private func isLocked(_ path: String) throws -> Bool {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        lock.l_start = 0
        lock.l_len = 0
        try #require(fcntl(descriptor, F_GETLK, &lock) == 0)
        return lock.l_type != Int16(F_UNLCK)
    }
}
