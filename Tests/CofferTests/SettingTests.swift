import Accounts
import CofferAPI
import CofferTesting
import Testing

@testable import coffer

@Suite("Settings and their sources")
struct SettingTests {
    @Test(
        "a key is one flag and one variable",
        arguments: [
            ("port", "--port", "COFFER_PORT"), ("dataDirectory", "--data-directory", "COFFER_DATA_DIRECTORY"),
            ("maxConnectionsPerAddress", "--max-connections-per-address", "COFFER_MAX_CONNECTIONS_PER_ADDRESS"),
        ])
    func names(_ key: String, _ flag: String, _ variable: String) {
        let name = SettingName(key: key, fallback: "", summary: "", isSecret: false)
        #expect(name.flag == flag)
        #expect(name.variable == variable)
    }

    @Test("no name is used twice, each has a summary, and every default is a good value")
    func all() async throws {
        #expect(Set(SettingName.all.map(\.key)).count == SettingName.all.count)
        #expect(SettingName.all.allSatisfy { !$0.summary.isEmpty })
        let settings = try Settings(try await sources())
        #expect(settings.server.host == "127.0.0.1")
        #expect(settings.server.port == 8080)
        #expect(settings.access.metrics == .open)
        #expect(settings.engines.readers == 3)
        #expect(settings.workers > 0)
    }

    @Test("the limits of logins and registrations")
    func throttling() async throws {
        let defaults = try Settings(try await sources())
        #expect(defaults.accounts.throttle == LoginThrottle.Limits())
        #expect(defaults.accounts.registrationsPerNetwork == nil)
        let changed = try Settings(
            try await sources(["--login-failures", "3/1m,50/2h", "--registrations-per-address", "20/1h"]))
        #expect(changed.accounts.throttle.byUserAndNetwork == RateLimit(count: 3, window: .seconds(60)))
        #expect(changed.accounts.throttle.byNetwork == RateLimit(count: 50, window: .seconds(7200)))
        #expect(changed.accounts.registrationsPerNetwork == RateLimit(count: 20, window: .seconds(3600)))
        #expect(try Settings(try await sources(["--data-directory", "/a,b"])).dataDirectory == "/a,b")
        for bad in ["3/1m", "off", "3/1m,", "3/1m,50/2h,1/1s"] {
            await #expect(throws: SettingError.self) {
                try Settings(try await sources(["--login-failures", bad]))
            }
        }
    }

    @Test("a flag beats the environment, which beats the file, which beats the default")
    func precedence() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.file("config.json")
            FileContent.write(
                #"{"port":"1001","host":"file.example","acquireTimeout":"1s","readersPerUser":7}"#, to: file)
            let sources = try await sources(
                ["--port", "1003", "--idle-timeout=7s"],
                ["COFFER_PORT": "1002", "COFFER_HOST": "environment.example", "PATH": "/bin"], file: file)
            #expect(try text(.port, sources) == "1003 flag")
            #expect(try text(.host, sources) == "environment.example environment")
            #expect(try text(.acquireTimeout, sources) == "1s file")
            #expect(try text(.readersPerUser, sources) == "7 file")
            #expect(try text(.idleTimeout, sources) == "7s flag")
            #expect(try text(.statementTimeout, sources) == "30s default")
            #expect(try sources.value(.idleTimeout) == .seconds(7))
        }
    }

    @Test(
        "a name that is no setting is refused wherever it stands",
        arguments: [
            (["--prot", "1"], [:], nil, "--prot"), (["port"], [:], nil, "port"), (["--port", "1", "2"], [:], nil, "2"),
            ([], ["COFFER_PROT": "1"], nil, "COFFER_PROT"), ([], ["COFFER_port": "1"], nil, "COFFER_port"),
            ([], [:], #"{"prot":1}"#, "prot"), ([], [:], #"{"COFFER_PORT":1}"#, "COFFER_PORT"),
        ] as [([String], [String: String], String?, String)])
    func unknown(_ arguments: [String], _ environment: [String: String], _ file: String?, _ name: String) async throws {
        let message = try await refusal(arguments, environment, file)
        #expect(message?.contains("'\(name)'") == true, "\(message ?? "accepted")")
    }

    @Test(
        "a bad value is refused with the name, the value and what was expected",
        arguments: [
            (["--port", "65536"], [:], nil, ["COFFER_PORT", "--port", "'65536'", "0 to 65535"]),
            (["--port", "-1"], [:], nil, ["COFFER_PORT", "'-1'"]),
            ([], ["COFFER_ACQUIRE_TIMEOUT": "5"], nil, ["COFFER_ACQUIRE_TIMEOUT", "'5'", "a duration such as"]),
            ([], ["COFFER_PORT": ""], nil, ["COFFER_PORT", "''"]),
            ([], [:], #"{"registration":"ajar"}"#, ["COFFER_REGISTRATION", "'ajar'", "open or closed"]),
            ([], [:], #"{"port":1.5}"#, ["port"]), ([], [:], #"{"port":true}"#, ["port"]),
            ([], [:], #"{"port":null}"#, ["port"]), ([], [:], #"{"port":[1]}"#, ["port"]),
            ([], [:], #"{"port":{"x":1}}"#, ["port"]), ([], [:], #"{"port":1,"port":2}"#, ["configuration file"]),
            ([], [:], "[]", ["configuration file", "object"]), ([], [:], "", ["configuration file"]),
            ([], [:], "{", ["configuration file", "byte 1"]),
            (["--port"], [:], nil, ["--port needs a value"]),
            (["--port", "--host", "x"], [:], nil, ["--port needs a value"]),
            (["--max-body-bytes", "8MB"], [:], nil, ["COFFER_MAX_BODY_BYTES", "'8MB'", "64KiB"]),
            (["--min-body-rate", "8589934591GiB/s"], [:], nil, ["COFFER_MIN_BODY_RATE", "at most 1GiB/s"]),
            (["--max-value-bytes", "8589934591GiB"], [:], nil, ["COFFER_MAX_VALUE_BYTES", "at most 1024GiB"]),
            (["--header-timeout", "99999999d"], [:], nil, ["COFFER_HEADER_TIMEOUT", "at most 3650d"]),
            (["--reaper-jitter", "3651d"], [:], nil, ["COFFER_REAPER_JITTER", "at most 3650d"]),
            (["--max-connections", "9223372036854775807"], [:], nil, ["COFFER_MAX_CONNECTIONS", "1 to 1000000000"]),
            (["--workers", "0"], [:], nil, ["COFFER_WORKERS"]),
            (["--event-threads", "65"], [:], nil, ["COFFER_EVENT_THREADS"]),
            (["--metrics", "closed"], [:], nil, ["COFFER_METRICS"]),
            (["--descriptor-budget", "7"], [:], nil, ["COFFER_DESCRIPTOR_BUDGET"]),
            (["--password-memory", "8191"], [:], nil, ["COFFER_PASSWORD_MEMORY", "8KiB to 4GiB"]),
            (["--password-operations", "1001"], [:], nil, ["COFFER_PASSWORD_OPERATIONS", "1 to 1000"]),
            (["--port", "1", "--port=2"], [:], nil, ["--port is given twice"]),
        ] as [([String], [String: String], String?, [String])])
    func badValue(
        _ arguments: [String], _ environment: [String: String], _ file: String?, _ parts: [String]
    ) async throws {
        let message = try await refusal(arguments, environment, file)
        for part in parts { #expect(message?.contains(part) == true, "'\(part)' in: \(message ?? "accepted")") }
    }

    @Test("a secret is never in a message")
    func secrecy() async throws {
        let message = try await refusal(
            ["--admin-token", "classified", "--admin-token-file", "/nowhere"], [:], nil)
        #expect(message?.contains("classified") == false)
        #expect(message?.contains("COFFER_ADMIN_TOKEN_FILE") == true)
    }

    @Test("the admin token comes from a setting or a file, without the white space around it")
    func adminToken() async throws {
        try await withTemporaryDirectory { directory in
            let file = directory.file("token")
            FileContent.write("  classified\n", to: file)
            let fromFile = try Settings(try await sources(["--admin-token-file", file]))
            #expect(fromFile.access.adminToken != nil)
            let fromEnvironment = try Settings(try await sources([], ["COFFER_ADMIN_TOKEN": "12345"]))
            #expect(fromEnvironment.access.adminToken != nil)
            FileContent.write(" \n", to: file)
            #expect(throws: AdminTokenError.self) { try AdminToken.read(text: nil, file: file) }
            #expect(throws: AdminTokenError.self) { try AdminToken.read(text: nil, file: directory.path) }
            #expect(throws: AdminTokenError.self) { try AdminToken.read(text: nil, file: directory.file("nothing")) }
        }
    }

    @Test("the metrics are open to loopback only, unless told otherwise")
    func metricsAccess() async throws {
        for (host, expected) in [
            ("127.0.0.1", MetricsAccess.open), ("127.9.9.9", .open), ("::1", .open), ("localhost", .open),
            ("0.0.0.0", .token), ("::", .token), ("192.0.2.1", .token),
        ] {
            #expect(try Settings(try await sources(["--host", host])).access.metrics == expected, "\(host)")
        }
        #expect(try Settings(try await sources(["--host", "0.0.0.0", "--metrics", "open"])).access.metrics == .open)
        #expect(try Settings(try await sources(["--metrics", "off"])).access.metrics == .off)
    }

    private func sources(
        _ arguments: [String] = [], _ environment: [String: String] = [:], file: String? = nil
    ) async throws -> SettingSources {
        try SettingSources(
            names: SettingName.all, arguments: arguments, environment: environment, configurationFile: file)
    }

    private func text<Value>(_ setting: Setting<Value>, _ sources: SettingSources) throws -> String {
        let (text, origin) = try sources.text(setting.name)
        return "\(text) \(origin.rawValue)"
    }

    /// What the operator is told; `nil` if the settings were taken.
    private func refusal(
        _ arguments: [String], _ environment: [String: String], _ file: String?
    ) async throws -> String? {
        await withTemporaryDirectory { directory in
            if let file { FileContent.write(file, to: directory.file("config.json")) }
            do {
                _ = try Settings(
                    try await sources(arguments, environment, file: file.map { _ in directory.file("config.json") }))
                return nil
            } catch {
                return "\(error)"
            }
        }
    }
}
