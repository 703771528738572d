import CofferTesting
import Glibc
import Testing

@Suite("Starts that fail")
struct StartTests {
    /// Runs `coffer serve`, which must fail with one line that has all these parts.
    private func expectRefusal(
        _ arguments: [String], environment: [String: String] = [:], in directory: TemporaryDirectory,
        _ parts: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        // Without it, a warning would stand beside the refusal.
        if !FileTree.isDirectory(directory.file("Public")) { FileTree.makeDirectory(directory.file("Public")) }
        FileContent.write("", to: directory.file("Public/index.html"))
        let outcome = try await Program.run(
            ["serve"] + arguments,
            environment: Program.environment.merging(["COFFER_PORT": "0"]) { $1 }.merging(environment) { $1 },
            in: directory)
        guard case .exit(let status) = outcome.ending else {
            Issue.record("ended by \(outcome.ending)", sourceLocation: sourceLocation)
            return
        }
        #expect(status != 0, sourceLocation: sourceLocation)
        #expect(outcome.output == "", sourceLocation: sourceLocation)
        let lines = outcome.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(outcome.errors)", sourceLocation: sourceLocation)
        for part in parts {
            #expect(outcome.errors.contains(part), "'\(part)' in: \(outcome.errors)", sourceLocation: sourceLocation)
        }
    }

    @Test("an unknown flag, variable or member of the file")
    func unknown() async throws {
        try await withTemporaryDirectory { directory in
            try await expectRefusal(["--prot", "1"], in: directory, ["'--prot'", "coffer config"])
            try await expectRefusal(
                [], environment: ["COFFER_PROT": "1"], in: directory, ["'COFFER_PROT'", "coffer config"])
            FileContent.write(#"{"prot":1}"#, to: directory.file("config.json"))
            try await expectRefusal(
                ["--config", directory.file("config.json")], in: directory, ["'prot'", "coffer config"])
        }
    }

    @Test("a bad value")
    func badValue() async throws {
        try await withTemporaryDirectory { directory in
            try await expectRefusal(
                ["--statement-timeout", "soon"], in: directory,
                ["COFFER_STATEMENT_TIMEOUT", "--statement-timeout", "'soon'", "30s"])
            try await expectRefusal(
                [], environment: ["COFFER_REGISTRATION": "ajar"], in: directory,
                ["COFFER_REGISTRATION", "'ajar'", "open or closed"])
            try await expectRefusal(["--password-memory", "1KiB"], in: directory, ["COFFER_PASSWORD_MEMORY"])
        }
    }

    @Test("a configuration file that is not there, or is none")
    func configurationFile() async throws {
        try await withTemporaryDirectory { directory in
            let path = directory.file("config.json")
            try await expectRefusal(["--config", path], in: directory, [path, "No such file"])
            FileContent.write("{\"port\": ", to: path)
            try await expectRefusal(["--config", path], in: directory, [path, "byte"])
        }
    }

    @Test("a data directory that is a file, or lies in one that cannot be")
    func unusableDirectory() async throws {
        try await withTemporaryDirectory { directory in
            FileContent.write("", to: directory.file("file"))
            try await expectRefusal(
                ["--data-directory", directory.file("file")], in: directory,
                [directory.file("file"), "Not a directory", "may write"])
            try await expectRefusal(
                ["--data-directory", directory.file("no/such")], in: directory,
                [directory.file("no/such"), "may write"])
        }
    }

    @Test("a data directory that another server uses, or a newer version wrote")
    func takenDirectory() async throws {
        try await withTemporaryDirectory { directory in
            let data = directory.file("data")
            try await ServerProcess.run(in: directory) { server in
                try await expectRefusal(
                    ["--data-directory", data], in: directory, ["another server uses", "stop it"])
                #expect(try await server.call("GET", "/health/ready").status == 200)
                #expect(try await server.stop() == .exit(0))
            }
            FileContent.write("99\n", to: data + "/version")
            try await expectRefusal(["--data-directory", data], in: directory, ["version 99", "newer Coffer"])
            FileContent.write("one\n", to: data + "/version")
            try await expectRefusal(["--data-directory", data], in: directory, ["version number"])
        }
    }

    @Test("a port in use, an address that is not this machine's, a name that resolves to none")
    func listening() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let other = directory.file("other")
                try await expectRefusal(
                    ["--data-directory", other, "--port", "\(server.port)"], in: directory,
                    ["port \(server.port)", "in use"])
                try await expectRefusal(
                    ["--data-directory", other, "--host", "192.0.2.1"], in: directory, ["192.0.2.1"])
                try await expectRefusal(
                    ["--data-directory", other, "--host", "no.such.host.invalid"], in: directory,
                    ["no.such.host.invalid"])
            }
        }
    }

    @Test("a catalog that is damaged is not replaced by an empty one")
    func damagedCatalog() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                _ = try await server.makeUser("ada")
                #expect(try await server.stop() == .exit(0))
            }
            let catalog = directory.file("data/catalog.db")
            let damaged = [UInt8](repeating: 0x55, count: 8192)
            FileContent.write(damaged, to: catalog)
            try await expectRefusal(["--data-directory", directory.file("data")], in: directory, ["catalog.db"])
            #expect(FileContent.bytes(of: catalog) == damaged)
        }
    }
}
