import CofferTesting
import HTTPServer
import Synchronization
import Testing

@Suite("Streamed request bodies")
struct RequestStreamTests {
    /// Counts what it reads, and answers with the sum.
    private static func count(_ request: Request) async throws -> Response {
        var count = 0
        for try await chunk in request.bodyStream! { count += chunk.count }
        return Response(contentType: "text/plain", bytes: Array("\(count)".utf8))
    }

    private func upload(_ encoding: String, path: String = "/") -> String {
        "PUT \(path) HTTP/1.1\r\nHost: a\r\n\(encoding)\r\n\r\n"
    }

    @Test(
        "A body arrives whole, with and without a length, and the connection lives on",
        arguments: [Dispatch.light, .worker])
    func whole(dispatch: Dispatch) async throws {
        try await TestServer.run { router in
            router.on(.put, "/", body: .streamed(), dispatch: dispatch, handler: Self.count)
        } body: { server in
            try await server.withClient { client in
                let large = [UInt8](repeating: 1, count: 5_000_000)
                #expect(try await client.request("PUT", "/", body: large).text == "5000000")
                try await client.send(upload("Transfer-Encoding: chunked"))
                for _ in 0..<50 { try await client.sendChunk([UInt8](repeating: 1, count: 30_000)) }
                try await client.sendChunk([])
                #expect(try await client.readReply().text == "1500000")
                #expect(try await client.request("PUT", "/", body: []).text == "0")
                #expect(try await client.request("PUT", "/").text == "0")
            }
        }
    }

    @Test("Chunks come while the body is being sent")
    func asItComes() async throws {
        let seen = Gate(open: true)
        try await TestServer.run { router in
            router.on(.put, "/", body: .streamed()) { request in
                var count = 0
                for try await chunk in request.bodyStream! {
                    for _ in chunk { await seen.pass() }
                    count += chunk.count
                }
                return Response(contentType: "text/plain", bytes: Array("\(count)".utf8))
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(upload("Content-Length: 5"))
                for number in 1...5 {
                    try await client.send("x")
                    await seen.arrivals(atLeast: number)
                }
                #expect(try await client.readReply().text == "5")
            }
        }
    }

    @Test("A handler that does not read stops the client, and goes on when it reads")
    func backPressure() async throws {
        let gate = Gate()
        let total = 60_000_000
        try await TestServer.run(time: ManualTime()) { router in
            router.on(.put, "/", body: .streamed()) { request in
                var iterator = request.bodyStream!.makeAsyncIterator()
                var count = try await iterator.next()?.count ?? 0
                await gate.pass()
                while let chunk = try await iterator.next() { count += chunk.count }
                return Response(contentType: "text/plain", bytes: Array("\(count)".utf8))
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(upload("Content-Length: \(total)"))
                let piece = [UInt8](repeating: 1, count: 100_000)
                var sent = 0
                // The connection stands still when it takes nothing for 300 ms.
                let stands = await eventually {
                    let before = sent
                    while sent < total {
                        let count = await client.sendWithoutWaiting(piece)
                        if count == 0 { break }
                        sent += count
                    }
                    try? await Task.sleep(for: .milliseconds(300))
                    return before == sent
                }
                #expect(stands)
                #expect(sent < 20_000_000, "what the system buffers, and no more")
                gate.open()
                while sent < total {
                    let count = min(piece.count, total - sent)
                    try await client.send(Array(piece[..<count]))
                    sent += count
                }
                #expect(try await client.readReply().text == "\(total)")
            }
        }
    }

    @Test("The body is not asked for before the handler wants it")
    func continueOnDemand() async throws {
        let gate = Gate()
        try await TestServer.run { router in
            router.on(.put, "/", body: .streamed()) { request in
                await gate.pass()
                return try await Self.count(request)
            }
            router.on(.put, "/refused", body: .streamed()) { _ in throw Problem(.unauthorized, "invalid_token") }
            router.on(.put, "/buffered", body: .buffered()) { request in
                Response(contentType: "text/plain", bytes: Array("\(request.body.count)".utf8))
            }
        } body: { server in
            let expecting = "Content-Length: 5\r\nExpect: 100-continue"
            try await server.withClient { client in
                try await client.send(upload(expecting))
                await gate.arrivals(atLeast: 1)
                gate.open()
                #expect(try await client.readReply().status == 100)
                try await client.send("12345")
                #expect(try await client.readReply().text == "5")
                try await client.send(upload(expecting, path: "/buffered"))
                #expect(try await client.readReply().status == 100)
                try await client.send("12345")
                #expect(try await client.readReply().text == "5")
                // No 100 comes before this.
                try await client.send(upload(expecting, path: "/refused"))
                #expect(try await client.readReply().status == 401)
                try await client.waitUntilClosed()
            }
        }
    }

    @Test(
        "A handler may answer without reading, or halfway, and the client gets to read it",
        arguments: [0, 1], ["Content-Length: 3000000", "Transfer-Encoding: chunked"])
    func answersEarly(chunksRead: Int, encoding: String) async throws {
        try await TestServer.run(time: ManualTime()) { router in
            router.on(.put, "/", body: .streamed()) { request in
                var iterator = request.bodyStream!.makeAsyncIterator()
                for _ in 0..<chunksRead { _ = try await iterator.next() }
                throw Problem(.unprocessableContent, "invalid_database")
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(upload(encoding))
                let piece = [UInt8](repeating: 1, count: 100_000)
                for _ in 0..<30 {
                    if encoding.hasPrefix("C") {
                        try await client.send(piece)
                    } else {
                        try await client.sendChunk(piece)
                    }
                }
                if encoding.hasPrefix("T") { try await client.sendChunk([]) }
                let reply = try await client.readReply()
                #expect(reply.status == 422)
                #expect(reply.header("x-request-id")?.count == 32)
                #expect(reply.header("connection") == "close")
                try await client.waitUntilClosed()
            }
            #expect(await server.observer.finished(atLeast: 1).map(\.status) == [422])
        }
    }

    @Test("A small body that nobody read is dropped, and the connection lives on")
    func smallUnread() async throws {
        try await TestServer.run { router in
            router.on(.put, "/", body: .streamed()) { _ in Response(.noContent) }
        } body: { server in
            try await server.withClient { client in
                for _ in 0..<5 {
                    let reply = try await client.request("PUT", "/", body: [UInt8](repeating: 1, count: 5000))
                    #expect(reply.status == 204)
                }
            }
        }
    }

    @Test("A reader learns that its client is gone")
    func clientGone() async throws {
        let reading = Gate(open: true)
        let failed = Gate(open: true)
        let failure = Mutex<(any Error)?>(nil)
        try await TestServer.run { router in
            router.on(.put, "/", body: .streamed()) { request in
                do {
                    for try await _ in request.bodyStream! { await reading.pass() }
                } catch {
                    failure.withLock { $0 = error }
                    await failed.pass()
                    throw error
                }
                return Response()
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(upload("Content-Length: 100") + "abc")
                await reading.arrivals(atLeast: 1)
                await client.abort()
                await failed.arrivals(atLeast: 1)
            }
            let error = failure.withLock { $0 }
            #expect(error is ClientGone || error is CancellationError)
            #expect(await server.observer.finished(atLeast: 1).map(\.status) == [.clientGone])
        }
    }

    @Test("A streamed body has a limit if its route says so")
    func limit() async throws {
        try await TestServer.run(time: ManualTime()) { router in
            router.on(.put, "/", body: .streamed(limit: 100_000), handler: Self.count)
        } body: { server in
            try await server.withClient { client in
                #expect(
                    try await client.request("PUT", "/", body: [UInt8](repeating: 1, count: 100_000)).text == "100000")
                try await client.send(upload("Transfer-Encoding: chunked"))
                for _ in 0..<30 { try await client.sendChunk([UInt8](repeating: 1, count: 50_000)) }
                #expect(try await client.readReply().status == 413)
            }
            try await server.withClient { client in
                try await client.send(upload("Content-Length: 100001"))
                #expect(try await client.readReply().status == 413)
            }
        }
    }
}
