import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Operation in a container")
struct ContainerTests {
    @Test("in JSON every line is an object, the one that says where the server listens too, whatever level is logged")
    func startLine() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, ["--log-format", "json", "--log-level", "critical"]) { server in
                let lines = server.process.output.split(separator: "\n")
                #expect(lines.count == 1)
                let line = try JSONValue(parsing: Array(try #require(lines.first).utf8))
                #expect(line["url"]?.stringValue == "http://127.0.0.1:\(server.port)")
                #expect(try await server.stop() == .exit(0))
                #expect(server.process.errors == "")
            }
        }
    }

    @Test(
        "a start that fails says why in an object, also when the settings are what is wrong",
        arguments: [["--data-directory", "/dev/null"], ["--statement-timeout", "soon"], ["--prot", "1"]])
    func fatalError(_ arguments: [String]) async throws {
        try await withTemporaryDirectory { directory in
            let outcome = try await Program.run(
                ["serve"] + arguments, environment: ["COFFER_LOG_FORMAT": "json", "COFFER_PORT": "0"], in: directory)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.errors == "")
            let lines = try outcome.output.split(separator: "\n").map { try JSONValue(parsing: Array($0.utf8)) }
            let last = try #require(lines.last)
            #expect(last["level"]?.stringValue == "critical")
            #expect(last["message"]?.stringValue?.contains(arguments[0] == "--prot" ? "--prot" : arguments[1]) == true)
        }
    }

    @Test("a file with the admin token: its line end does not count, and what is wrong with it is said without it")
    func tokenFile() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.file("token")
            FileContent.write("operators-only\n", to: file)
            try await ServerProcess.run(in: directory, environment: ["COFFER_ADMIN_TOKEN_FILE": file]) { server in
                let reply = try await server.client.request(
                    "GET", "/v1/admin/engines", headers: [("Authorization", "Bearer operators-only")])
                #expect(reply.status == 200, "\(reply)")
                #expect(try await server.stop() == .exit(0))
            }
            for (content, part) in [("", "no token"), (" \n", "no token"), ("two operators\n", "more than a token")] {
                FileContent.write(content, to: file)
                let outcome = try await Program.run(["serve", "--admin-token-file", file], in: directory)
                #expect(outcome.ending == .exit(1))
                #expect(outcome.errors.contains("COFFER_ADMIN_TOKEN_FILE"), "\(outcome)")
                #expect(outcome.errors.contains(part), "\(outcome)")
                #expect(!outcome.errors.contains("operators"))
            }
            for path in [directory.file("nowhere"), directory.path] {
                let outcome = try await Program.run(["serve", "--admin-token-file", path], in: directory)
                #expect(outcome.ending == .exit(1))
                #expect(outcome.errors.contains("COFFER_ADMIN_TOKEN_FILE names \(path)"), "\(outcome)")
            }
        }
    }

    @Test("a data directory that goes away makes the server unready, and ready again when it is back")
    func vanishedVolume() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let check = ["health", "--port", "\(server.port)"]
                let healthy = try await Program.run(check, in: directory)
                #expect(healthy.ending == .exit(0), "\(healthy)")
                let elsewhere = directory.file("elsewhere")
                #expect(rename(server.data, elsewhere) == 0)
                #expect(try await Program.run(check, in: directory).ending == .exit(1))
                FileTree.makeDirectory(server.data)
                #expect(try await Program.run(check, in: directory).ending == .exit(1), "an empty one is not it")
                rmdir(server.data)
                #expect(rename(elsewhere, server.data) == 0)
                #expect(try await Program.run(check, in: directory).ending == .exit(0))
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test(
        "as process 1 the server stops on SIGTERM",
        .enabled("needs the right to make namespaces") { await Namespaces.areAvailable() })
    func processOne() async throws {
        try await withTemporaryDirectory { directory in
            let process = ChildProcess(
                "/usr/bin/unshare",
                [
                    "--pid", "--fork", "--kill-child", Program.path, "serve", "--port", "0", "--data-directory",
                    directory.file("data"),
                ], environment: Program.environment, in: directory.path)
            try await eventually { process.output.contains("listening on") }
            let child = try #require(
                pid_t(
                    FileContent.text(of: "/proc/\(process.id)/task/\(process.id)/children")
                        .prefix { $0.isNumber }))
            kill(child, SIGTERM)
            #expect(try await process.wait() == .exit(0))
            #expect(FileTree.paths(under: directory.path).allSatisfy { !$0.hasSuffix("-wal") })
        }
    }

    @Test(
        "a read-only volume is said to be one, at the start and while the server runs",
        .enabled("needs the right to make namespaces") { await Namespaces.areAvailable() })
    func readOnlyVolume() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let check = ["health", "--port", "\(server.port)"]
                // A second mount over the first: that one cannot become read-only while files are open for writing.
                try await mount(["--bind", server.data, server.data], in: directory)
                defer { umount2(server.data, Int32(MNT_DETACH)) }
                #expect(try await Program.run(check, in: directory).ending == .exit(0))
                try await mount(["-o", "remount,bind,ro", server.data], in: directory)
                #expect(try await Program.run(check, in: directory).ending == .exit(1))
                let other = try await Program.run(["serve", "--data-directory", server.data], in: directory)
                #expect(other.ending == .exit(1))
                #expect(other.errors.contains("mount its volume writable"), "\(other)")
                umount2(server.data, Int32(MNT_DETACH))
                #expect(try await Program.run(check, in: directory).ending == .exit(0))
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test(
        "a start on a full disk says so",
        .enabled("needs the right to make namespaces") { await Namespaces.areAvailable() })
    func fullDisk() async throws {
        try await withTemporaryDirectory { directory in
            try await SmallDisk.run(at: directory.file("disk"), mebibytes: 1) { disk in
                FileContent.write([UInt8](repeating: 1, count: 1 << 20), to: disk.path + "/full")
                let outcome = try await Program.run(
                    ["serve", "--port", "0", "--data-directory", disk.path], in: directory)
                #expect(outcome.ending == .exit(1), "\(outcome)")
                #expect(outcome.errors.contains("No space left on device; free disk space"), "\(outcome)")
            }
        }
    }

    private func mount(_ arguments: [String], in directory: TemporaryDirectory) async throws {
        let outcome = try await ChildProcess.run("/usr/bin/mount", arguments, in: directory.path)
        try #require(outcome.ending == .exit(0), "\(outcome)")
    }

    private static let asNobody = ["--reuid=65534", "--regid=65534", "--clear-groups", Program.path]

    /// A program that lies where only root may look cannot be run by anybody else.
    private static func canRunAsNobody() async -> Bool {
        await withTemporaryDirectory { directory in
            let outcome = try? await ChildProcess.run(
                "/usr/bin/setpriv", asNobody + ["--version"], in: directory.path)
            return outcome?.ending == .exit(0)
        }
    }

    @Test(
        "a data directory of another user's is said to be, with both numbers",
        .enabled("needs root, and a program that others may run") { await canRunAsNobody() })
    func otherOwner() async throws {
        try await withTemporaryDirectory { directory in
            chmod(directory.path, 0o755)
            let data = directory.file("data")
            FileTree.makeDirectory(data)
            let outcome = try await ChildProcess.run(
                "/usr/bin/setpriv", Self.asNobody + ["serve", "--port", "0", "--data-directory", data],
                in: directory.path)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            for part in ["cannot use \(data): Permission denied", "user 0", "user 65534", "may write"] {
                #expect(outcome.errors.contains(part), "\(outcome)")
            }
        }
    }

    @Test("a limit of file descriptors that is too small is named, and a small one that suffices is kept")
    func descriptorLimit() async throws {
        try await withTemporaryDirectory { directory in
            let outcome = try await ChildProcess.run(
                "/bin/sh", ["-c", #"ulimit -n 32 && exec "$0" serve --port 0"#, Program.path], in: directory.path)
            #expect(outcome.ending == .exit(1), "\(outcome)")
            #expect(outcome.errors.contains("the limit of 32 file descriptors is too small"), "\(outcome)")
            try await ServerProcess.run(in: directory, ["--workers", "2"], limit: "-n 64") { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                #expect(try await server.stop() == .exit(0))
            }
        }
    }
}

/// Namespaces of the kernel, as a container has them.
enum Namespaces {
    /// Whether this process may make some of its own: being root is not enough in a container.
    static func areAvailable() async -> Bool {
        await withTemporaryDirectory { directory in
            let outcome = try? await ChildProcess.run(
                "/usr/bin/unshare", ["--pid", "--mount", "--fork", "true"], in: directory.path)
            return outcome?.ending == .exit(0)
        }
    }
}
