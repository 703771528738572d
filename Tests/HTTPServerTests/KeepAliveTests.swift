import CofferTesting
import HTTPServer
import Testing

@Suite("Keep-alive")
struct KeepAliveTests {
    private func routes(_ router: inout Router) {
        @Sendable func number(of request: Request) -> Response {
            let number = request.parameter("n")
            let isQueried = request.queryItems.allSatisfy { $0.value == number }
            return Response(contentType: "text/plain", bytes: Array((isQueried ? number : "another's query").utf8))
        }
        router.inline(.get, "/inline/{n}") { .now(number(of: $0)) }
        router.inline(.get, "/later/{n}") { request in .later(.light) { number(of: request) } }
        router.on(.get, "/worker/{n}", dispatch: .worker) { number(of: $0) }
        router.on(.post, "/echo", body: .buffered()) { request in
            Response(contentType: "text/plain", bytes: request.body.withUnsafeBytes { Array($0) })
        }
    }

    @Test("A thousand requests go over one connection", arguments: ["/inline", "/worker", "/later"])
    func many(prefix: String) async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                for number in 0..<1000 {
                    let reply = try await client.request("GET", "\(prefix)/\(number)")
                    try #require(reply.text == "\(number)")
                }
                #expect(server.server.openConnections == 1)
            }
        }
    }

    @Test("Every request of a connection is for its own target, the same again or another")
    func targets() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                let long = String(repeating: "9", count: 300)
                for number in ["1", "1", "10", "1", "2", long, long, "1"] {
                    let reply = try await client.request("GET", "/inline/\(number)?q=\(number)&x=\(number)")
                    #expect(reply.text == number)
                }
                #expect(try await client.request("GET", "/inline").status == 404)
                #expect(try await client.request("GET", "/inline").status == 404)
                #expect(try await client.request("POST", "/inline/1").status == 405)
                #expect(try await client.request("GET", "/inline/1").text == "1")
            }
        }
    }

    @Test("Requests sent ahead are answered in order, whatever serves them")
    func pipelined() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                var bytes: [UInt8] = []
                var expected: [String] = []
                for number in 0..<60 {
                    switch number % 4 {
                    case 0: bytes += HTTPClient.encode("GET", "/inline/\(number)")
                    case 1: bytes += HTTPClient.encode("GET", "/worker/\(number)")
                    case 2: bytes += HTTPClient.encode("GET", "/later/\(number)")
                    default: bytes += HTTPClient.encode("POST", "/echo", body: Array("\(number)".utf8))
                    }
                    expected.append("\(number)")
                }
                try await client.send(bytes)
                var texts: [String] = []
                for _ in expected { texts.append(try await client.readReply().text) }
                #expect(texts == expected)
            }
        }
    }

    @Test("Bodies of any length arrive as they were sent, whole and in chunks, one after the other")
    func bodies() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                for count in [0, 1, 4095, 4096, 4097, 65536, 65537, 300_000] {
                    let body = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ count) }
                    #expect(try await client.request("POST", "/echo", body: body).body == body, "\(count)")
                    try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for start in stride(from: 0, to: count, by: 3000) {
                        try await client.sendChunk(Array(body[start..<min(start + 3000, count)]))
                    }
                    try await client.sendChunk([])
                    #expect(try await client.readReply().body == body, "\(count) in chunks")
                }
            }
        }
    }

    @Test("The client's Connection: close is kept, and HTTP/1.0 closes unless asked not to")
    func closing() async throws {
        try await TestServer.run(routes: routes) { server in
            for head in ["HTTP/1.1\r\nHost: a\r\nConnection: close", "HTTP/1.0"] {
                try await server.withClient { client in
                    try await client.send("GET /worker/1 \(head)\r\n\r\n")
                    #expect(try await client.readReply().text == "1")
                    try await client.waitUntilClosed()
                }
            }
            try await server.withClient { client in
                for _ in 0..<2 {
                    try await client.send("GET /worker/1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                    #expect(try await client.readReply().text == "1")
                }
            }
        }
    }

    @Test("Several event threads share the connections")
    func eventThreads() async throws {
        try await TestServer.run(configuration: { $0.eventThreads = 3 }, routes: routes) { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        try await server.withClient { client in
                            for _ in 0..<20 {
                                let reply = try await client.request("GET", "/later/\(number)")
                                #expect(reply.text == "\(number)")
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }
}
