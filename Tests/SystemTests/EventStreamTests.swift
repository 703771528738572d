import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Live events of a running server")
struct EventStreamTests {
    @Test("a thousand listeners cost no thread and little memory, and each gets every event once and in order")
    func thousand() async throws {
        try await withTemporaryDirectory { directory in
            // Most descriptors are for clients here, whatever the system's limit.
            try await ServerProcess.run(in: directory, ["--descriptor-budget", "50"]) { server in
                let ada = try await server.makeUser("ada")
                let research = try await server.startResearch("tides", as: ada)
                _ = try await server.work(research, "heartbeat")
                let before = try await Footprint(of: server)
                let crowd = try StreamCrowd(
                    of: 1000, port: server.port,
                    sending: HTTPClient.encode(
                        "GET", "/v1/research/\(research.id)/events",
                        headers: [("Authorization", "Bearer \(research.token)")]))
                do {
                    try await deliver(to: crowd, from: research, of: server, before)
                } catch {
                    await crowd.close()
                    throw error
                }
                await crowd.close()
                try await eventually { try await Footprint(of: server).listeners == 0 }
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    private func deliver(
        to crowd: StreamCrowd, from research: SystemResearch, of server: ServerProcess, _ before: Footprint
    ) async throws {
        try await crowd.receive { $0.contains(textOf: "retry: 3000") }
        try await eventually { try await Footprint(of: server).listeners == 1000 }
        let after = try await Footprint(of: server)
        #expect(after.threads <= before.threads)
        let memory = (after.residentBytes - before.residentBytes) / 1000
        #expect(memory < 64 << 10, "\(memory) bytes for each listener")
        for progress in 1...50 { try await server.work(research, "heartbeat", #"{"progress":\#(progress)}"#) }
        try await server.work(research, "complete")
        try await crowd.receive { $0.contains(textOf: #"{"state":"completed"}"#) }
        let expected = (1...50).map { #"data: {"progress":\#($0)}"# } + [#"data: {"state":"completed"}"#]
        for body in await crowd.bodies {
            let data = String(decoding: body, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("data") }
            #expect(data.map(String.init) == expected)
        }
    }

    @Test("a stop does not wait for listeners: their streams end at once, and the server ends with 0")
    func stop() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                let research = try await server.startResearch("tides", as: ada)
                let listener = try HTTPClient(port: server.port)
                try await listener.send(
                    HTTPClient.encode(
                        "GET", "/v1/research/\(research.id)/events",
                        headers: [("Authorization", "Bearer \(ada.token)")]))
                _ = try await listener.readHead()
                _ = try await listener.readChunk()
                server.process.send(SIGTERM)
                #expect(try await listener.readChunk() == nil)
                #expect(try await server.process.wait(within: .seconds(10)) == .exit(0))
                await listener.close()
            }
        }
    }
}

/// What a server takes at one moment, by its own metrics.
private struct Footprint {
    let threads: Int
    let residentBytes: Int
    let listeners: Int

    init(of server: ServerProcess) async throws {
        let metrics = try await server.call("GET", "/metrics").text
        func value(_ name: String) throws -> Int {
            let line = metrics.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            return Int(try #require(line.flatMap { Double($0.dropFirst(name.count + 1)) }))
        }
        threads = try value("process_threads")
        residentBytes = try value("process_resident_memory_bytes")
        listeners = try value("coffer_research_listeners")
    }
}
