import Testing

@testable import coffer

@Suite("The address a health check asks")
struct HealthTargetTests {
    @Test(
        "read from a URL",
        arguments: [
            ("http://127.0.0.1:8080/health", HealthProbe.Target(host: "127.0.0.1", port: 8080, path: "/health")),
            ("http://localhost", HealthProbe.Target(host: "localhost", port: 80, path: "/health/ready")),
            ("http://localhost:9/", HealthProbe.Target(host: "localhost", port: 9, path: "/")),
            ("http://[::1]:8080", HealthProbe.Target(host: "::1", port: 8080, path: "/health/ready")),
            ("http://[::1]/health/live", HealthProbe.Target(host: "::1", port: 80, path: "/health/live")),
        ])
    func target(_ url: String, _ expected: HealthProbe.Target) {
        #expect(HealthProbe.Target(url: url) == expected)
    }

    @Test(
        "what is no such URL",
        arguments: [
            "", "localhost:8080", "https://localhost", "http://", "http://:8080", "http://localhost:",
            "http://localhost:x",
            "http://localhost:65536", "http://[::1", "http://[::1]x", "http://localhost:80 80/",
            "http://localhost/a b", "http://localhost/\r\nX: y",
        ])
    func refused(_ url: String) {
        #expect(HealthProbe.Target(url: url) == nil)
    }

    @Test("an address of every interface is asked on loopback")
    func wildcard() {
        #expect(HealthProbe.reachable("0.0.0.0") == "127.0.0.1")
        #expect(HealthProbe.reachable("::") == "::1")
        #expect(HealthProbe.reachable("192.0.2.1") == "192.0.2.1")
    }

    @Test("nobody waits for an answer without a limit", arguments: ["0", "-1"])
    func timeout(_ seconds: String) throws {
        #expect(throws: (any Error).self) { try HealthCommand.parse(["--timeout=\(seconds)"]) }
        #expect(try HealthCommand.parse(["--timeout", "1"]).timeout == 1)
    }
}
