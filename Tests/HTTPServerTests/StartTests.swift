import CofferTesting
import HTTPServer
import Logging
import Testing
import Workers

@Suite("Start")
struct StartTests {
    private func withServer(
        _ configuration: ServerConfiguration, _ body: (Server) async throws -> Void
    ) async throws {
        let workers = WorkerExecutor(threads: 1)
        defer { workers.shutdown() }
        var router = Router()
        router.on(.get, "/") { _ in Response(.noContent) }
        let server = Server(
            configuration: configuration, router: router, workers: workers,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        await server.shutdown(deadline: .zero)
        try result.get()
    }

    @Test(
        "Hosts can be IPv4, IPv6 or a name; port 0 is chosen", arguments: ["127.0.0.1", "localhost", "0.0.0.0", "::"])
    func hosts(host: String) async throws {
        try await withServer(ServerConfiguration(host: host, port: 0)) { server in
            #expect(server.port == 0)
            try server.start()
            #expect(server.port > 0)
            guard host != "localhost" else { return }
            let client = try HTTPClient(port: server.port)
            let reply = try? await client.request("GET", "/")
            await client.close()
            #expect(reply?.status == 204)
        }
    }

    @Test("A port in use is an error that names it, and leaves nothing behind")
    func portInUse() async throws {
        try await withServer(ServerConfiguration(port: 0)) { first in
            try first.start()
            try await withServer(ServerConfiguration(port: first.port)) { second in
                let error = try #require(throws: ServerError.self) { try second.start() }
                #expect(error.code == .addressInUse)
                #expect(error.description.hasPrefix("port \(first.port) on 127.0.0.1 is in use by another process"))
                await first.shutdown(deadline: .zero)
                // The same server can start once the port is free, and at once.
                try second.start()
                #expect(second.port == error.port)
            }
        }
    }

    @Test(
        "A host that is none, or not ours, is refused by name",
        arguments: [("no.such.host.invalid", ServerError.Code.hostNotFound), ("192.0.2.1", .addressNotAvailable)])
    func badHost(host: String, code: ServerError.Code) async throws {
        try await withServer(ServerConfiguration(host: host, port: 0)) { server in
            let error = try #require(throws: ServerError.self) { try server.start() }
            #expect(error.code == code)
            #expect(error.description.contains(host))
        }
    }

    @Test("Connections over the limit wait until one closes")
    func connectionLimit() async throws {
        try await withServer(ServerConfiguration(port: 0, maximumConnections: 2)) { server in
            try server.start()
            let first = try HTTPClient(port: server.port)
            let second = try HTTPClient(port: server.port)
            _ = try await (first.request("GET", "/"), second.request("GET", "/"))
            let third = try HTTPClient(port: server.port)
            try await third.send(HTTPClient.encode("GET", "/"))
            try await Task.sleep(for: .milliseconds(150))
            #expect(server.openConnections == 2)
            await first.close()
            #expect(try await third.readReply().status == 204)
            await second.close()
            await third.close()
        }
    }

    @Test("One address has its own limit")
    func addressLimit() async throws {
        try await withServer(ServerConfiguration(port: 0, maximumConnectionsPerAddress: 1)) { server in
            try server.start()
            let first = try HTTPClient(port: server.port)
            #expect(try await first.request("GET", "/").status == 204)
            let second = try HTTPClient(port: server.port)
            try await second.waitUntilClosed()
            await second.close()
            #expect(try await first.request("GET", "/").status == 204)
            await first.close()
        }
    }
}
