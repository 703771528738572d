import CofferTesting
import Glibc
import JSON
import Testing

@Suite("coffer doctor")
struct DoctorTests {
    @Test("what a server leaves is fine, and looking changes nothing")
    func fine() async throws {
        try await LeftData.make { data in
            let before = FileTree.paths(under: data.path).filter { !FileTree.isDirectory($0) }
                .map { ($0, FileContent.bytes(of: $0)) }
            let outcome = try await data.run(["doctor"])
            #expect(outcome.ending == .exit(0), "\(outcome)")
            #expect(outcome.output.contains("2 users, 2 backups"))
            #expect(outcome.output.contains("nothing found"))
            let after = FileTree.paths(under: data.path).filter { !FileTree.isDirectory($0) }
                .map { ($0, FileContent.bytes(of: $0)) }
            #expect(before.map(\.0) == after.map(\.0))
            #expect(before.map(\.1) == after.map(\.1))
            let json = try JSONValue(parsing: Array(try await data.run(["doctor", "--json"]).output.utf8))
            #expect(json["users"]?.integerValue == 2)
            #expect(json["findings"]?.arrayValue?.isEmpty == true)
            #expect(json["server_running"]?.boolValue == false)
        }
    }

    @Test("each thing that is wrong is one finding, with its path")
    func findings() async throws {
        try await LeftData.make { data in
            let databases = data.paths(endingIn: "/main.db")
            let user = try #require(databases.first?.dropLast("/main.db".count))
            chmod(databases[0], 0o644)
            FileContent.write("x", to: user + "/notes.txt")
            FileContent.write("", to: data.path + "/users/loose")
            let stranger = data.path + "/users/00/00000000000000000000000000000000"
            mkdir(data.path + "/users/00", 0o700)
            mkdir(stranger, 0o700)
            FileContent.write([UInt8](repeating: 0, count: 4096), to: databases[1])
            let backups = data.backups.filter { $0.hasSuffix(".db") }
            FileContent.write("x", to: backups[0] + ".partial")
            FileTree.removeFile(backups[1])
            let outcome = try await data.run(["doctor", "--json"])
            #expect(outcome.ending == .exit(1), "\(outcome)")
            let found = try #require(try JSONValue(parsing: Array(outcome.output.utf8))["findings"]?.arrayValue)
            let problems = Dictionary(
                grouping: found.map { ($0["path"]?.stringValue ?? "", $0["problem"]?.stringValue ?? "") }, by: \.0
            ).mapValues { $0.map(\.1) }
            func problem(_ path: some StringProtocol) -> String {
                problems[String(path.dropFirst(data.path.count + 1))]?.joined(separator: "; ") ?? "nothing"
            }
            #expect(problem(databases[0]) == "has mode 644, not 600")
            #expect(problem(user + "/notes.txt") == "does not belong here")
            #expect(problem(data.path + "/users/loose") == "is no directory")
            #expect(problem(stranger) == "the catalog does not know this user")
            #expect(problem(databases[1]) == "begins with zeros, not with a salt")
            #expect(problem(backups[0] + ".partial").contains("left half done"))
            #expect(problem(backups[1]).contains("No such file"))
            #expect(found.count == 7, "\(outcome.output)")
        }
    }

    @Test("a user without a directory, and a catalog that is damaged")
    func catalog() async throws {
        try await LeftData.make { data in
            let databases = data.paths(endingIn: "/main.db")
            let user = String(try #require(databases.first?.dropLast("/main.db".count)))
            rename(user, data.directory.file("elsewhere"))
            let outcome = try await data.run(["doctor"])
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.output.contains("the user has no directory"))
            FileContent.write([UInt8](repeating: 0x55, count: 8192), to: data.path + "/catalog.db")
            let damaged = try await data.run(["doctor"])
            #expect(damaged.ending == .exit(2), "\(damaged)")
            #expect(damaged.errors.contains("catalog"))
        }
    }

    @Test("data of a newer version is not judged, and a missing directory is an error")
    func refusals() async throws {
        try await LeftData.make { data in
            FileContent.write("99\n", to: data.path + "/version")
            let newer = try await data.run(["doctor"])
            #expect(newer.ending == .exit(2))
            #expect(newer.errors.contains("version 99"))
            let nowhere = try await Program.run(
                ["doctor", "--data-directory", data.directory.file("nowhere")], in: data.directory)
            #expect(nowhere.ending == .exit(2))
            #expect(!FileTree.isDirectory(data.directory.file("nowhere")))
        }
    }

    @Test("with the password every page of a user's databases and backups is read")
    func contents() async throws {
        try await LeftData.make { data in
            let command = ["doctor", "--user", "ada"]
            let fine = try await data.run(command, input: "correct horse\n")
            #expect(fine.ending == .exit(0), "\(fine)")
            #expect(fine.output.contains("every page of ada's"))
            for path in data.paths(endingIn: "/main.db") {
                var bytes = FileContent.bytes(of: path)
                bytes[bytes.count - 100] ^= 1
                FileContent.write(bytes, to: path)
            }
            #expect(try await data.run(["doctor"]).ending == .exit(0), "only the key tells")
            let damaged = try await data.run(command, input: "correct horse\n")
            #expect(damaged.ending == .exit(1), "\(damaged)")
            #expect(damaged.output.contains("main.db: "))
            let wrong = try await data.run(command, input: "incorrect\n")
            #expect(wrong.ending == .exit(2))
            #expect(wrong.errors.contains("invalid_credentials"))
        }
    }

    @Test("a damaged database with a log is a finding, and the rest is looked at nevertheless")
    func damagedBesideLog() async throws {
        try await LeftData.make { data in
            try await ServerProcess.run(in: data.directory) { server in
                let ada = try await server.login(data.ada)
                try await server.rows("INSERT INTO notes VALUES ('of the last moment')", as: ada)
                server.process.send(SIGKILL)
                _ = try await server.process.wait()
            }
            let log = try #require(data.paths(endingIn: "/main.db-wal").first)
            let database = String(log.dropLast("-wal".count))
            // The log has no first page, so this one counts.
            var bytes = FileContent.bytes(of: database)
            bytes[100] ^= 1
            FileContent.write(bytes, to: database)
            for path in data.backups.filter({ $0.hasSuffix(".db") }) {
                FileContent.write(FileContent.bytes(of: path).map { $0 ^ 1 }, to: path)
            }
            let outcome = try await data.run(["doctor", "--user", "ada"], input: "correct horse\n")
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.output.contains("main.db: its log cannot be moved into it"), "\(outcome)")
            #expect(outcome.output.contains("backup: "), "\(outcome)")
        }
    }

    @Test("what kill -9 leaves is fine, and the password check brings its log home")
    func afterKill() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                server.process.send(SIGKILL)
                _ = try await server.process.wait()
                #expect(FileTree.paths(under: server.data).contains { $0.hasSuffix("/main.db-wal") })
                let plain = try await Program.run(["doctor", "--data-directory", server.data], in: directory)
                #expect(plain.ending == .exit(0), "\(plain)")
                let read = try await Program.run(
                    ["doctor", "--user", "ada", "--data-directory", server.data],
                    environment: Program.environment, in: directory, input: "correct horse\n")
                #expect(read.ending == .exit(0), "\(read)")
            }
        }
    }
}
