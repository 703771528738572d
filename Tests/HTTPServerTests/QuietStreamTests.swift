import CofferTesting
import Glibc
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import HTTPServer

@Suite("Streams that last")
struct QuietStreamTests {
    @Test("A stream may be quiet for longer than the idle time-out")
    func quiet() async throws {
        let gate = Gate()
        try await TestServer.run(configuration: { $0.idleTimeout = .seconds(1) }) { router in
            router.on(.get, "/", dispatch: .light) { _ in
                Response(
                    body: .stream { writer in
                        for _ in 0..<2 {
                            await gate.pass()
                            try await writer.write("x")
                        }
                    })
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                for _ in 0..<2 {
                    // libmicrohttpd counts whole seconds of real time.
                    try await SystemTime().sleep(for: .milliseconds(2200))
                    gate.admitOne()
                    #expect(try await client.readChunk() == [120])
                }
                #expect(try await client.readChunk() == nil)
            }
        }
    }

    @Test("A client that takes nothing of a stream is cut when it has idled, and the writer learns it")
    func stalled() async throws {
        let failed = Gate(open: true)
        try await TestServer.run(configuration: { $0.idleTimeout = .seconds(1) }) { router in
            router.on(.get, "/", dispatch: .light) { _ in
                Response(
                    body: .stream { writer in
                        do {
                            while true { try await writer.write([UInt8](repeating: 1, count: 100_000)) }
                        } catch {
                            await failed.pass()
                            throw error
                        }
                    })
            }
        } body: { server in
            try await server.withClient(receiveBuffer: 65536) { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                await failed.arrivals(atLeast: 1)
                #expect(await server.observer.finished(atLeast: 1).first?.isCutShort == true)
            }
        }
    }

    /// One writer that has filled everything there is between it and its client, and how it failed.
    private final class FloodingWriter: Sendable {
        let writer = Mutex<BodyWriter?>(nil)
        let written = Atomic(0)
        let failure = Mutex<(any Error)?>(nil)
        let failed = Gate(open: true)

        func run(_ writer: BodyWriter) async throws {
            self.writer.withLock { $0 = writer }
            do {
                while true {
                    try await writer.write([UInt8](repeating: 1, count: 10_000))
                    written.add(10_000, ordering: .relaxed)
                }
            } catch {
                failure.withLock { $0 = error }
                await failed.pass()
                throw error
            }
        }

        func stopWaiting() {
            writer.withLock { $0 }?.stopWaiting()
        }

        /// Two looks, 200 ms apart, find the same.
        func stands() async -> Bool {
            let before = written.load(ordering: .relaxed)
            try? await SystemTime().sleep(for: .milliseconds(200))
            return before > 0 && before == written.load(ordering: .relaxed)
        }
    }

    @Test(
        "A writer that stops waiting for its client fails at once, and the connection is cut", arguments: [true, false])
    func stopWaiting(whileWaiting: Bool) async throws {
        let flood = FloodingWriter()
        try await TestServer.run { router in
            router.on(.get, "/", dispatch: .light) { _ in
                Response(
                    body: .stream { writer in
                        if !whileWaiting { writer.stopWaiting() }
                        try await flood.run(writer)
                    })
            }
        } body: { server in
            try await server.withClient(receiveBuffer: 65536) { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                if whileWaiting {
                    #expect(await eventually { await flood.stands() })
                    flood.stopWaiting()
                }
                await flood.failed.arrivals(atLeast: 1)
                #expect(flood.failure.withLock { $0 } is ClientGone)
                let finished = await server.observer.finished(atLeast: 1)
                #expect(finished.first?.isCutShort == true)
                #expect(await eventually { server.server.openConnections == 0 })
            }
        }
    }

    @Test("A body whose source fails while nothing is sent ends the connection, also of a client that keeps it open")
    func failsWhileSuspended() async throws {
        let gate = Gate()
        try await TestServer.run { router in
            router.on(.get, "/", dispatch: .light) { _ in
                Response(
                    body: .stream { writer in
                        try await writer.write("a part")
                        await gate.pass()
                        throw ClientGone()
                    })
            }
        } body: { server in
            // libmicrohttpd looks at the connection that has been silent for longest whenever it looks at any.
            try await server.withClient { older in
                #expect(try await older.request("GET", "/nowhere").status == 404)
                try await server.withClient { client in
                    try await client.send(HTTPClient.encode("GET", "/"))
                    _ = try await client.readHead()
                    #expect(try await client.readChunk() == Array("a part".utf8))
                    #expect(
                        await eventually {
                            server.server.core.connections.all.contains { connection in
                                connection.state.withLock { $0.suspendedSince != nil }
                            }
                        })
                    gate.open()
                    #expect(await eventually { server.server.openConnections == 1 })
                }
            }
        }
    }

    @Test("A writer that does not have to wait may stop waiting, and ends its body as usual")
    func stopWaitingInTime() async throws {
        try await TestServer.run { router in
            router.on(.get, "/", dispatch: .light) { _ in
                Response(
                    body: .stream { writer in
                        writer.stopWaiting()
                        try await writer.write("all of it")
                    })
            }
        } body: { server in
            try await server.withClient { client in
                for _ in 0..<2 {
                    let reply = try await client.request("GET", "/")
                    #expect(reply.text == "all of it")
                }
            }
        }
    }

    @Test("The stream of a light route goes on while every worker is busy")
    func light() async throws {
        let lightWorkers = WorkerExecutor(threads: 1)
        defer { lightWorkers.shutdown() }
        let busy = Gate(open: true)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let (reading, writing) = (ends[0], ends[1])
        try await TestServer.run(lightWorkers: lightWorkers) { router in
            router.on(.get, "/busy", dispatch: .worker) { _ in
                await busy.pass()
                var byte: UInt8 = 0
                _ = read(reading, &byte, 1)
                return Response(.noContent)
            }
            router.on(.get, "/", dispatch: .light) { _ in
                Response(body: .stream { try await $0.write("here") })
            }
        } body: { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        let reply = try await server.withClient { try await $0.request("GET", "/busy") }
                        #expect(reply.status == 204)
                    }
                }
                await busy.arrivals(atLeast: 4)
                let reply = try? await server.withClient { try await $0.request("GET", "/") }
                close(writing)
                #expect(reply?.text == "here")
                try await group.waitForAll()
            }
        }
        close(reading)
    }
}
