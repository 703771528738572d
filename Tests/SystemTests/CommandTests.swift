import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Commands and logs")
struct CommandTests {
    @Test("config shows every setting with the source that counts, and no secret")
    func config() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.file("config.json")
            FileContent.write(
                #"{"port":"1001","host":"file.example","readersPerUser":7,"adminToken":"classified"}"#, to: file)
            let outcome = try await Program.run(
                ["config", "--config", file, "--port", "1003"],
                environment: ["COFFER_PORT": "1002", "COFFER_HOST": "environment.example"], in: directory)
            #expect(outcome.ending == .exit(0), "\(outcome)")
            let lines = Dictionary(
                uniqueKeysWithValues: outcome.output.split(separator: "\n").map { line in
                    let words = line.split(separator: " ")
                    return (String(words[0]), words.dropFirst().prefix(2).joined(separator: " "))
                })
            #expect(lines["COFFER_PORT"] == "1003 flag")
            #expect(lines["COFFER_HOST"] == "environment.example environment")
            #expect(lines["COFFER_READERS_PER_USER"] == "7 file")
            #expect(lines["COFFER_STATEMENT_TIMEOUT"] == "30s default")
            #expect(lines["COFFER_ADMIN_TOKEN"] == "<redacted> file")
            #expect(!(outcome.output + outcome.errors).contains("classified"))
        }
    }

    @Test("config refuses what serve would refuse")
    func badConfig() async throws {
        try await withTemporaryDirectory { directory in
            let outcome = try await Program.run(["config", "--port", "x"], in: directory)
            #expect(outcome.ending != .exit(0))
            #expect(outcome.errors.contains("COFFER_PORT"))
        }
    }

    @Test("health exits with 0 while a server is ready, else with 1")
    func health() async throws {
        try await withTemporaryDirectory { directory in
            var port: UInt16 = 0
            try await ServerProcess.run(in: directory) { server in
                port = server.port
                let byPort = try await Program.run(["health", "--port", "\(port)"], in: directory)
                #expect(byPort.ending == .exit(0), "\(byPort)")
                let byURL = try await Program.run(
                    ["health", "--url", "http://127.0.0.1:\(port)/health/live"], in: directory)
                #expect(byURL.ending == .exit(0), "\(byURL)")
                let unknown = try await Program.run(
                    ["health", "--url", "http://127.0.0.1:\(port)/nowhere"], in: directory)
                #expect(unknown.ending == .exit(1), "\(unknown)")
                #expect(try await server.stop() == .exit(0))
            }
            let stopped = try await Program.run(["health", "--port", "\(port)"], in: directory)
            #expect(stopped.ending == .exit(1), "\(stopped)")
            let malformed = try await Program.run(["health", "--url", "localhost"], in: directory)
            #expect(malformed.ending != .exit(0))
        }
    }

    @Test("health does not hang with a server that does not answer")
    func healthOfStoppedProcess() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                server.process.send(SIGSTOP)
                let outcome = try await Program.run(
                    ["health", "--port", "\(server.port)", "--timeout", "1"], in: directory)
                #expect(outcome.ending == .exit(1))
                server.process.send(SIGCONT)
            }
        }
    }

    @Test("help and version answer on stdout")
    func help() async throws {
        try await withTemporaryDirectory { directory in
            for (arguments, text) in [(["--version"], "."), (["--help"], "serve"), (["serve", "--help"], "--config")] {
                let outcome = try await Program.run(arguments, in: directory)
                #expect(outcome.ending == .exit(0))
                #expect(outcome.output.contains(text))
            }
            let unknown = try await Program.run(["nonsense"], in: directory)
            #expect(unknown.ending != .exit(0))
        }
    }

    @Test("no password, token, code or SQL argument is ever logged, in either format", arguments: ["text", "json"])
    func secretsInLogs(_ format: String) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(
                in: directory, ["--log-level", "trace", "--log-format", format, "--admin-token", "operators-only"]
            ) { server in
                let ada = try await server.makeUser("ada", password: "a-password-like-no-other")
                try await server.rows("CREATE TABLE t(v UNIQUE)", as: ada)
                for _ in 0..<2 {
                    _ = try await server.call(
                        "POST", "/v1/query?secret=in-the-query", as: ada,
                        json: #"{"sql":"INSERT INTO t VALUES (?)","args":["an-argument-like-no-other"]}"#)
                }
                _ = try await server.call(
                    "POST", "/v1/sessions", json: #"{"username":"ada","password":"a-wrong-password-of-mine"}"#)
                _ = try await server.call("POST", "/v1/query", as: ada, json: #"{"sql":"SELECT 'a-literal-of-mine"}"#)
                _ = try await server.call(
                    "POST", "/v1/recover",
                    json: #"{"username":"ada","recovery_code":"0000-1111-2222","new_password":"a-new-password"}"#)
                #expect(try await server.stop() == .exit(0))
                let written = server.written
                #expect(written.contains("/v1/query"), "requests are logged")
                for secret in [
                    ada.password, ada.token, "an-argument-like-no-other", "in-the-query", "a-wrong-password-of-mine",
                    "a-literal-of-mine", "0000-1111-2222", "a-new-password", "operators-only",
                ] {
                    #expect(!written.contains(secret), "\(secret)")
                }
            }
        }
    }

    @Test("each line of a JSON log is an object with time, level, logger and message")
    func jsonLog() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, [], environment: ["COFFER_LOG_FORMAT": "json"]) { server in
                _ = try await server.makeUser("ada")
                #expect(try await server.call("GET", "/nowhere/%22%0A%00%F0%9F%98%80").status >= 400)
                #expect(try await server.stop() == .exit(0))
                let lines = server.process.output.split(separator: "\n")
                #expect(!lines.isEmpty)
                for line in lines {
                    let entry = try JSONValue(parsing: Array(line.utf8))
                    for name in ["time", "level", "logger", "message"] {
                        #expect(entry[name]?.stringValue?.isEmpty == false, "\(line)")
                    }
                }
                #expect(server.process.errors == "")
            }
        }
    }
}
