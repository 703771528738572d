import CofferTesting
import Glibc
import HTTPServer
import JSON
import Synchronization
import Testing

@Suite("Streamed responses")
struct ResponseStreamTests {
    private struct Broken: Error {}

    @Test("What is written arrives, in chunks, and the connection lives on")
    func chunks() async throws {
        try await TestServer.run { router in
            router.inline(.get, "/x") { _ in
                .now(
                    Response(
                        headers: ["Content-Type": "text/plain"],
                        body: .stream { writer in
                            try await writer.write("")
                            for number in 0..<1000 { try await writer.write("\(number),") }
                        }))
            }
        } body: { server in
            let expected = (0..<1000).map { "\($0)," }.joined()
            try await server.withClient { client in
                for _ in 0..<3 {
                    let reply = try await client.request("GET", "/x")
                    #expect(reply.text == expected)
                    #expect(reply.header("transfer-encoding") == "chunked")
                }
                let head = try await client.request("HEAD", "/x")
                #expect(head.status == 200 && head.header("content-length") == nil)
                #expect(try await client.readToEnd() == [])
            }
            let finished = await server.observer.finished(atLeast: 4)
            #expect(finished.map(\.bytesSent) == [3890, 3890, 3890, 0])
            try await server.withClient { client in
                try await client.send("GET /x HTTP/1.0\r\n\r\n")
                #expect(try await client.readReply().text == expected)
            }
        }
    }

    @Test("Header and first bytes do not wait for the rest")
    func prompt() async throws {
        let gate = Gate()
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                Response(
                    headers: ["Content-Type": "text/event-stream"],
                    body: .stream { writer in
                        await gate.pass()
                        try await writer.write("one")
                        await gate.pass()
                        try await writer.write("two")
                    })
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                #expect(try await client.readHead().status == 200)
                await gate.arrivals(atLeast: 1)
                gate.admitOne()
                #expect(try await client.readChunk() == Array("one".utf8))
                await gate.arrivals(atLeast: 2)
                gate.admitOne()
                #expect(try await client.readChunk() == Array("two".utf8))
                #expect(try await client.readChunk() == nil)
            }
        }
    }

    @Test("A client that does not read stops the producer, and goes on when it reads")
    func backPressure() async throws {
        let written = Atomic(0)
        let total = 40_000_000
        try await TestServer.run(time: ManualTime()) { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream { writer in
                        for _ in 0..<(total / 10000) {
                            try await writer.write([UInt8](repeating: 65, count: 10000))
                            written.add(10000, ordering: .relaxed)
                        }
                    })
            }
        } body: { server in
            try await server.withClient(receiveBuffer: 65536) { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                // The producer stands still when two looks, 200 ms apart, find the same.
                var last = -1
                let stands = await eventually {
                    defer { last = written.load(ordering: .relaxed) }
                    try? await Task.sleep(for: .milliseconds(200))
                    return last == written.load(ordering: .relaxed)
                }
                #expect(stands)
                #expect(last < 10_000_000, "what the system buffers, and no more")
                var received = 0
                while let chunk = try await client.readChunk() { received += chunk.count }
                #expect(received == total)
            }
        }
    }

    @Test("A producer that fails cuts the connection, so that the client notices")
    func failure() async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream { writer in
                        try await writer.write("half")
                        throw Broken()
                    })
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                await #expect(throws: HTTPClient.Failure.closed) { try await client.readReply() }
            }
            let finished = await server.observer.finished(atLeast: 1)
            #expect(finished.first?.isCutShort == true)
            #expect(server.log.lines.contains { $0.level == .error && $0.metadata["error"] == "Broken" })
        }
    }

    @Test("A writer learns that its client is gone, while it waits and when it writes", arguments: [true, false])
    func clientGone(whileWaiting: Bool) async throws {
        let gate = Gate()
        let outcome = Mutex<(any Error)?>(nil)
        let done = Gate(open: true)
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream { writer in
                        try await writer.write("x")
                        do {
                            if !whileWaiting { await gate.pass() }
                            while true { try await writer.write([UInt8](repeating: 65, count: 100_000)) }
                        } catch {
                            outcome.withLock { $0 = error }
                        }
                        await done.pass()
                    })
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                #expect(try await client.readChunk()?.first == 120)
                if !whileWaiting { await gate.arrivals(atLeast: 1) }
                await client.abort()
                _ = await server.observer.finished(atLeast: 1)
                gate.open()
                await done.arrivals(atLeast: 1)
            }
            let error = outcome.withLock { $0 }
            #expect(error is ClientGone || error is CancellationError)
        }
    }

    @Test(
        "A stream of known length says it, and one that ends before it is not taken for the whole", arguments: [0, 1])
    func knownLength(missing: Int) async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream(length: 200_000 + Int64(missing)) { writer in
                        for _ in 0..<20 { try await writer.write([UInt8](repeating: 65, count: 10_000)) }
                    })
            }
        } body: { server in
            try await server.withClient { client in
                guard missing == 0 else {
                    await #expect(throws: (any Error).self) { _ = try await client.request("GET", "/") }
                    return
                }
                let reply = try await client.request("GET", "/")
                #expect(reply.header("Content-Length") == "200000")
                #expect(reply.header("Transfer-Encoding") == nil)
                #expect(reply.body.count == 200_000)
                // The connection lives on.
                let again = try await client.request("GET", "/")
                #expect(again.status == 200)
            }
        }
    }

    @Test("An idle stream whose client goes away is cancelled")
    func idleStream() async throws {
        let waiting = Gate(open: true)
        let cancelled = Gate(open: true)
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream { _ in
                        await waiting.pass()
                        await waitForCancellation()
                        await cancelled.pass()
                    })
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                await waiting.arrivals(atLeast: 1)
                await client.closeSocket()
                await cancelled.arrivals(atLeast: 1)
            }
            let finished = await server.observer.finished(atLeast: 1)
            #expect(finished.first?.status == 200 && finished.first?.isCutShort == true)
        }
    }

    @Test("A part of a file is sent, and its descriptor closed, also for HEAD")
    func file() async throws {
        let directory = TemporaryDirectory()
        let path = directory.file("content")
        let content = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        #expect(content.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) } == content.count)
        close(descriptor)
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                return Response(body: .file(FileContent(descriptor: descriptor, offset: 1000, count: 250_000)))
            }
        } body: { server in
            try await server.withClient { client in
                for _ in 0..<3 {
                    let reply = try await client.request("GET", "/")
                    #expect(reply.body == Array(content[1000..<251_000]))
                    let head = try await client.request("HEAD", "/")
                    #expect(head.header("content-length") == "250000")
                }
                let finished = await server.observer.finished(atLeast: 6)
                #expect(finished.map(\.bytesSent) == [250_000, 0, 250_000, 0, 250_000, 0])
            }
            #expect(await eventually { OpenFiles.paths(under: directory.path).isEmpty })
        }
    }

    @Test("What comes with a file lives until the file is sent or its client has gone")
    func companion() async throws {
        final class Companion: Sendable {
            let isGone: Gate
            init(_ isGone: Gate) { self.isGone = isGone }
            deinit { isGone.open() }
        }
        let directory = TemporaryDirectory()
        let path = directory.file("content")
        let descriptor = open(path, O_CREAT | O_WRONLY, 0o600)
        #expect(ftruncate(descriptor, 8 << 20) == 0)
        close(descriptor)
        let isGone = Gate()
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                let descriptor = open(path, O_RDONLY | O_CLOEXEC)
                return Response(
                    body: .file(FileContent(descriptor: descriptor, count: 8 << 20, companion: Companion(isGone))))
            }
        } body: { server in
            let client = try HTTPClient(port: server.port, receiveBuffer: 4096)
            try await client.send(HTTPClient.encode("GET", "/"))
            _ = try await client.readHead()
            #expect(!isGone.isOpen)
            await client.abort()
            #expect(await eventually { isGone.isOpen })
            await client.close()
        }
    }

    @Test("Large bodies in memory arrive whole")
    func largeBytes() async throws {
        let bytes = (0..<5_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await TestServer.run { router in
            router.on(.get, "/") { _ in Response(body: .bytes(Bytes(bytes))) }
        } body: { server in
            try await server.withClient { client in
                for _ in 0..<3 {
                    let reply = try await client.request("GET", "/")
                    #expect(reply.body == bytes)
                }
                let head = try await client.request("HEAD", "/")
                #expect(head.header("content-length") == "5000000")
            }
        }
    }
}
