import CofferTesting
import HTTPServer
import JSON
import Testing

@Suite("Handlers")
struct HandlerTests {
    private struct Secret: Error {
        let text = "the key is 1234"
    }

    @Test("64 requests wait at once without holding a thread, and others go on")
    func concurrent() async throws {
        let gate = Gate()
        try await TestServer.run { router in
            router.on(.get, "/wait/{n}") { request in
                await gate.pass()
                return Response(contentType: "text/plain", bytes: Array(request.parameter("n").utf8))
            }
            router.on(.get, "/now") { _ in Response(contentType: "text/plain", bytes: Array("now".utf8)) }
        } body: { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<64 {
                    group.addTask {
                        try await server.withClient { client in
                            let reply = try await client.request("GET", "/wait/\(number)")
                            #expect(reply.text == "\(number)")
                        }
                    }
                }
                await gate.arrivals(atLeast: 64)
                #expect(server.server.requestsInFlight == 64)
                let now = try await server.withClient { try await $0.request("GET", "/now") }
                #expect(now.text == "now")
                gate.open()
                try await group.waitForAll()
            }
            _ = await server.observer.finished(atLeast: 65)
            #expect(server.server.requestsInFlight == 0)
        }
    }

    @Test("A thrown problem is sent as it is", arguments: ["/inline", "/later", "/light", "/worker"])
    func problem(path: String) async throws {
        let conflict = Problem(
            .conflict, "constraint", detail: "UNIQUE \"failed\"\n",
            members: [
                JSONMember(name: "sqlite_code", value: .integer(2067))
            ], retryAfter: .milliseconds(1200), headers: ["X-Why": "because"])
        try await TestServer.run { router in
            router.inline(.get, "/inline") { _ in throw conflict }
            router.inline(.get, "/later") { _ in .later(.light) { throw conflict } }
            router.on(.get, "/light") { _ in throw conflict }
            router.on(.get, "/worker", dispatch: .worker) { _ in throw conflict }
        } body: { server in
            try await server.withClient { client in
                let reply = try await client.request("GET", path, headers: [("X-Request-ID", "abc")])
                #expect(reply.status == 409)
                #expect(reply.header("content-type") == "application/problem+json")
                #expect(reply.header("retry-after") == "2")
                #expect(reply.header("x-why") == "because")
                #expect(
                    try JSONValue(parsing: reply.body)
                        == JSONValue(
                            parsing: Array(
                                #"""
                                {"type":"about:blank","title":"Conflict","status":409,"detail":"UNIQUE \"failed\"\n",
                                "code":"constraint","request_id":"abc","retry_after":2,"sqlite_code":2067}
                                """#.utf8)))
            }
        }
    }

    @Test("Nothing of an unknown error reaches the client")
    func unknownError() async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in throw Secret() }
        } body: { server in
            let reply = try await server.withClient { try await $0.request("GET", "/") }
            #expect(reply.status == 500)
            #expect(reply.text.contains(#""code":"internal""#))
            #expect(!reply.description.contains("1234"))
            let line = try #require(server.log.lines.first { $0.level == .error })
            #expect(line.metadata["error"] == "Secret" && line.metadata["request_id"] == reply.header("x-request-id"))
            #expect(line.metadata["cause"] == nil)
            #expect(!server.log.lines.contains { "\($0)".contains("1234") })
        }
    }

    @Test("The log has what it is given about an error that is the server's, and the client has not")
    func logText() async throws {
        try await TestServer.run(
            problem: { $0 is Secret ? Problem(.serviceUnavailable, "away") : Problem(410, "gone") },
            logText: { _ in "SQLITE_IOERR_READ" }
        ) { router in
            router.on(.get, "/server") { _ in throw Secret() }
            router.on(.get, "/client") { _ in throw CancellationError() }
        } body: { server in
            try await server.withClient { client in
                let failed = try await client.request("GET", "/server")
                #expect(failed.status == 503 && !failed.description.contains("SQLITE"))
                #expect(try await client.request("GET", "/client").status == 410)
            }
            let lines = server.log.lines.filter { $0.level == .error }
            #expect(lines.map { $0.metadata["cause"] } == ["SQLITE_IOERR_READ"])
            #expect(lines.map { $0.metadata["error"] } == ["Secret"])
        }
    }

    @Test("The mapping makes a problem of an error")
    func mappedError() async throws {
        try await TestServer.run(problem: { $0 is Secret ? Problem(410, "gone") : .internalError }) { router in
            router.on(.get, "/") { _ in throw Secret() }
        } body: { server in
            let reply = try await server.withClient { try await $0.request("GET", "/") }
            #expect(reply.status == 410)
        }
    }

    @Test("A handler sees what the client sent")
    func request() async throws {
        try await TestServer.run { router in
            router.on(.post, "/{a}/{b}", body: .buffered()) { request in
                let token = request.headers.withBytes(of: "authorization") { String(decoding: $0, as: UTF8.self) }
                let parts = [
                    request.method.name, request.path, request.parameter("b"), request.parameter("a"),
                    request.query("q") ?? "-", request.query("none") ?? "-", request.header("X-TWO") ?? "-",
                    request.headers.values(of: "x-two").joined(separator: "+"), request.userAgent ?? "-",
                    token ?? "-", request.remoteAddress.host, "\(request.body.count)", "\(request.bodyStream == nil)",
                ]
                return Response(contentType: "text/plain", bytes: Array(parts.joined(separator: "\n").utf8))
            }
        } body: { server in
            let reply = try await server.withClient { client in
                try await client.request(
                    "POST", "/x%20y/z?q=1",
                    headers: [
                        ("X-Two", "1"), ("x-two", "2"), ("User-Agent", "tester/1"), ("Authorization", "Bearer abc"),
                        ("Cookie", "a=b"),
                    ], body: [1, 2, 3])
            }
            #expect(
                reply.text == """
                    POST
                    /x%20y/z
                    z
                    x y
                    1
                    -
                    1
                    1+2
                    tester/1
                    Bearer abc
                    127.0.0.1
                    3
                    true
                    """)
        }
    }
}
