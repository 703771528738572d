import CofferTesting
import JSON
import Testing

@testable import HTTPServer

@Suite("Deadlines, on a clock that the test moves")
struct DeadlineTests {
    private func routes(_ router: inout Router) {
        router.inline(.get, "/") { _ in .now(Response(contentType: "text/plain", bytes: Array("ok".utf8))) }
        router.on(.post, "/", body: .buffered()) { request in
            Response(contentType: "text/plain", bytes: Array("\(request.body.count)".utf8))
        }
    }

    /// The watchdog looks at the clock every 50 ms of real time.
    private func run(_ body: (TestServer, ManualTime) async throws -> Void) async throws {
        let time = ManualTime()
        try await TestServer.run(time: time, routes: routes) { try await body($0, time) }
    }

    private func expectTimeout(_ client: HTTPClient, requestID: String? = nil) async throws {
        let reply = try await client.readReply()
        #expect(reply.status == 408)
        let id = try #require(reply.header("x-request-id"))
        if let requestID { #expect(id == requestID) } else { #expect(id.count == 32) }
        #expect(reply.text.contains(#""request_id":"\#(id)""#))
        #expect(reply.text.contains(#""code":"request_timeout""#))
        #expect(reply.header("connection") == "close")
        try await client.waitUntilClosed()
    }

    @Test("A header that drips in is cut at the deadline, however steady the drip")
    func slowHeader() async throws {
        try await run { server, time in
            try await server.withClient { client in
                try await client.send("GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
                for _ in 0..<9 {
                    time.advance(by: .seconds(1))
                    try await client.send("x")
                }
                #expect(server.server.openConnections == 1)
                time.advance(by: .seconds(1))
                try await expectTimeout(client)
            }
            #expect(server.log.lines.contains { $0.metadata["status"] == "408" })
        }
    }

    @Test("A client that says nothing, or half a request line, gets no longer", arguments: ["", "GET /ve"])
    func silence(text: String) async throws {
        try await run { server, time in
            try await server.withClient { client in
                try await client.send(text)
                #expect(await eventually { server.server.openConnections == 1 })
                time.advance(by: .seconds(10))
                try await expectTimeout(client)
            }
        }
    }

    @Test("A connection that is kept alive may idle, then closes without a word")
    func idle() async throws {
        try await run { server, time in
            try await server.withClient { client in
                for count in 1...2 {
                    let reply = try await client.request("GET", "/")
                    #expect(reply.text == "ok")
                    _ = await server.observer.finished(atLeast: count)
                    if count == 1 { time.advance(by: .seconds(59)) }
                }
                time.advance(by: .seconds(60))
                let rest = try await client.readToEnd()
                #expect(rest == [])
            }
        }
    }

    @Test("A later request's header has its own deadline, from its request line")
    func laterHeader() async throws {
        try await run { server, time in
            try await server.withClient { client in
                _ = try await client.request("GET", "/")
                _ = await server.observer.finished(atLeast: 1)
                time.advance(by: .seconds(55))
                try await client.send("GET / HTTP/1.1\r\n")
                #expect(await eventually { server.exchange != nil })
                time.advance(by: .seconds(9))
                try await client.send("Host: a\r\n\r\n")
                #expect(try await client.readReply().text == "ok")
                _ = await server.observer.finished(atLeast: 2)
                try await client.send("GET / HTTP/1.1\r\n")
                #expect(await eventually { server.exchange != nil })
                time.advance(by: .seconds(10))
                try await expectTimeout(client)
            }
        }
    }

    @Test(
        "A body below the minimum rate is cut, and the answer has the request's id",
        arguments: ["Content-Length: 100000", "Transfer-Encoding: chunked"], ["slow-1", nil])
    func slowBody(encoding: String, requestID: String?) async throws {
        try await run { server, time in
            try await server.withClient { client in
                let field = requestID.map { "X-Request-ID: \($0)\r\n" } ?? ""
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\n\(field)\(encoding)\r\n\r\n")
                #expect(await eventually { server.exchange?.requestID != nil })
                let id = server.exchange?.requestID?.description
                for _ in 0..<10 {
                    if encoding.hasPrefix("C") {
                        try await client.send("x")
                    } else {
                        try await client.sendChunk([120])
                    }
                    time.advance(by: .seconds(1))
                }
                #expect(requestID == nil || id == requestID)
                try await expectTimeout(client, requestID: id)
            }
            #expect(await server.observer.finished(atLeast: 1).map(\.status) == [.requestTimeout])
        }
    }

    @Test("A body above the minimum rate may take as long as it likes")
    func steadyBody() async throws {
        try await run { server, time in
            try await server.withClient { client in
                try await client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 120000\r\n\r\n")
                #expect(await eventually { server.server.requestsInFlight == 1 })
                for round in 1..<10 {
                    try await client.send([UInt8](repeating: 1, count: 12_000))
                    #expect(
                        await eventually { server.exchange?.state.withLock { $0.received } == Int64(round) * 12_000 })
                    time.advance(by: .seconds(10))
                    server.server.core.watchdog.checkConnections(at: time.now)
                }
                try await client.send([UInt8](repeating: 1, count: 12_000))
                #expect(try await client.readReply().text == "120000")
            }
        }
    }

    @Test("A request that waits for its handler has no deadline, and a body that waits for its reader neither")
    func suspended() async throws {
        let gate = Gate()
        let time = ManualTime()
        try await TestServer.run(time: time) { router in
            router.on(.get, "/") { _ in
                await gate.pass()
                return Response(.noContent)
            }
            router.on(.put, "/", body: .streamed()) { request in
                await gate.pass()
                for try await _ in request.bodyStream! { await gate.pass() }
                return Response(.noContent)
            }
        } body: { server in
            for method in ["GET", "PUT"] {
                gate.close()
                let before = gate.arrivals
                try await server.withClient { client in
                    try await client.send(HTTPClient.encode(method, "/", body: method == "PUT" ? [1, 2, 3] : nil))
                    await gate.arrivals(atLeast: before + 1)
                    for _ in 0..<5 {
                        time.advance(by: .seconds(3600))
                        server.server.core.watchdog.checkConnections(at: time.now)
                    }
                    gate.open()
                    #expect(try await client.readReply().status == 204)
                }
            }
        }
    }

    @Test("A client that stops reading its response is cut when it has idled")
    func stalledReader() async throws {
        try await TestServer.run(configuration: { $0.idleTimeout = .seconds(1) }) { router in
            router.on(.get, "/") { _ in Response(body: .bytes(Bytes([UInt8](repeating: 1, count: 50_000_000)))) }
        } body: { server in
            try await server.withClient(receiveBuffer: 65536) { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                let finished = await server.observer.finished(atLeast: 1)
                #expect(finished.first?.isCutShort == true)
            }
        }
    }

    @Test("A client that takes a byte now and then loses a response of known length")
    func slowTaker() async throws {
        let time = ManualTime()
        try await TestServer.run(time: time) { router in
            router.on(.get, "/") { _ in Response(body: .bytes(Bytes([UInt8](repeating: 65, count: 20 << 20)))) }
        } body: { server in
            try await server.withClient(receiveBuffer: 4096) { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                _ = try await client.readHead()
                // 20 MiB at 1 KiB a second, and the time that any client may be silent.
                time.advance(by: .seconds(20_480))
                #expect(server.server.openConnections == 1)
                time.advance(by: .seconds(70))
                let finished = await server.observer.finished(atLeast: 1)
                #expect(finished.first?.isCutShort == true)
            }
        }
    }
}

extension TestServer {
    /// What the only connection is busy with.
    fileprivate var exchange: Exchange? { server.core.connections.all.first?.exchange }
}
