import CofferTesting
import HTTPServer
import Testing

@Suite("Refusals")
struct RefusalTests {
    private func routes(_ router: inout Router) {
        router.inline(.get, "/") { _ in .now(Response(contentType: "text/plain", bytes: Array("ok".utf8))) }
        router.on(.post, "/json", body: .json(limit: 100)) { request in
            Response(contentType: "text/plain", bytes: request.body.withUnsafeBytes { Array($0) })
        }
        router.on(.post, "/large", body: .buffered(limit: 1 << 30)) { request in
            Response(contentType: "text/plain", bytes: Array("\(request.body.count)".utf8))
        }
        router.on(.delete, "/thing") { _ in Response(.noContent) }
    }

    private func exchange(_ text: String, configuration: (inout ServerConfiguration) -> Void = { _ in }) async throws
        -> HTTPReply
    {
        var reply: HTTPReply?
        try await TestServer.run(configuration: configuration, routes: routes) { server in
            reply = try await server.withClient { client in
                try await client.send(text)
                let reply = try await client.readReply()
                if reply.header("connection")?.lowercased() == "close" { try await client.waitUntilClosed() }
                return reply
            }
        }
        return try #require(reply)
    }

    @Test(
        "A request that two readers could understand differently is 400, and the connection closes",
        arguments: [
            "GET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
            "POST /json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}",
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
            "POST /json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
            "POST /json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            "POST /json HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
            "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
            "POST /json HTTP/1.1\r\nHost: a\r\nContent-Length : 2\r\n\r\n{}",
            "GET / HTTP/1.1\r\nHost: a\r\nX-\u{e4}: 1\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: a\rb\r\n\r\n",
            "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        ])
    func ambiguous(text: String) async throws {
        let reply = try await exchange(text)
        #expect(reply.status == 400)
        #expect(reply.header("connection")?.lowercased() == "close")
        #expect(reply.header("content-type") == "application/problem+json")
        #expect(reply.text.contains(#""code":"malformed_request""#))
    }

    @Test("HTTP/1.0 needs no Host")
    func oldVersion() async throws {
        #expect(try await exchange("GET / HTTP/1.0\r\n\r\n").text == "ok")
    }

    @Test(
        "libmicrohttpd answers some garbage itself",
        arguments: [
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("GET / HTTP/0.9\r\n\r\n", 505),
            ("nonsense here now\r\n\r\n", 400),
            ("POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", 400),
            ("POST /json HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 413),
        ])
    func garbage(text: String, status: Int) async throws {
        let reply = try await exchange(text)
        #expect(reply.status == status)
    }

    @Test("A header over the limit is 431, and beyond libmicrohttpd's memory it says so itself")
    func largeHeader() async throws {
        func header(_ count: Int) -> String {
            "GET / HTTP/1.1\r\nHost: a\r\nX-A: \(String(repeating: "a", count: count))\r\n\r\n"
        }
        #expect(try await exchange(header(8000)).status == 200)
        for count in [8192, 10000, 12000] {
            let reply = try await exchange(header(count))
            #expect(reply.status == 431, "\(count)")
            #expect(reply.text.contains(#""code":"header_too_large""#), "\(count)")
        }
        let beyond = try await exchange(header(60000))
        #expect(beyond.status == 431)
        #expect(beyond.header("content-type") != "application/problem+json")
    }

    @Test("A target over the limit is 414")
    func longTarget() async throws {
        func request(_ count: Int) -> String {
            "GET /?\(String(repeating: "a", count: count - 2)) HTTP/1.1\r\nHost: a\r\n\r\n"
        }
        #expect(try await exchange(request(4096)).status == 200)
        let reply = try await exchange(request(4097))
        #expect(reply.status == 414)
        #expect(reply.text.contains(#""code":"uri_too_long""#))
        #expect(try await exchange(request(60000)).status == 414)
    }

    @Test("A body over the limit is 413: before it is sent if its length is known")
    func largeBody() async throws {
        let head = "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
        for (text, why) in [
            (head + "Content-Length: 10000000\r\n\r\n", "nothing of it sent"),
            (head + "Content-Length: 10000000\r\nExpect: 100-continue\r\n\r\n", "waiting to be told"),
            (head + "Content-Length: 101\r\n\r\n" + String(repeating: "x", count: 101), "small enough to drop"),
            (
                head + "Transfer-Encoding: chunked\r\n\r\n65\r\n" + String(repeating: "x", count: 101) + "\r\n",
                "chunked"
            ),
        ] {
            let reply = try await exchange(text)
            #expect(reply.status == 413, "\(why)")
            #expect(reply.text.contains(#""code":"body_too_large""#), "\(why)")
        }
    }

    @Test("A chunked body that nobody wants is refused once it is no longer small")
    func unwantedChunks() async throws {
        try await TestServer.run(time: ManualTime(), routes: routes) { server in
            for path in ["/", "/nowhere"] {
                try await server.withClient { client in
                    try await client.send("GET \(path) HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                    for _ in 0..<70 { try await client.sendChunk([UInt8](repeating: 120, count: 1000)) }
                    #expect(try await client.readReply().status == (path == "/" ? 413 : 404))
                    try await client.waitUntilClosed()
                }
            }
        }
    }

    @Test("What is answered before a chunked body has come is framed as any other answer")
    func earlyFraming() async throws {
        let chunked = "HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
        try await TestServer.run(routes: routes) { server in
            for (method, path, start) in [
                ("HEAD", "/nowhere", "HTTP/1.1 404 "), ("OPTIONS", "/thing", "HTTP/1.1 204 "),
            ] {
                try await server.withClient { client in
                    try await client.send("\(method) \(path) \(chunked)")
                    let text = String(decoding: try await client.readToEnd(), as: UTF8.self)
                    #expect(text.hasPrefix(start) && text.hasSuffix("\r\n\r\n"), "\(text)")
                    #expect(text.lowercased().contains("content-length") == (method == "HEAD"), "\(text)")
                }
            }
        }
    }

    @Test("A client that sends its large body regardless gets to read the 413")
    func stubbornClient() async throws {
        try await TestServer.run(time: ManualTime(), routes: routes) { server in
            for encoding in ["Content-Length: 3000000", "Transfer-Encoding: chunked"] {
                try await server.withClient { client in
                    try await client.send(
                        "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\(encoding)\r\n\r\n")
                    if encoding.hasPrefix("C") {
                        try await client.send([UInt8](repeating: 120, count: 3_000_000))
                    } else {
                        for _ in 0..<30 { try await client.sendChunk([UInt8](repeating: 120, count: 100_000)) }
                        try await client.sendChunk([])
                    }
                    #expect(try await client.readReply().status == 413)
                    try await client.waitUntilClosed()
                }
            }
            #expect(await server.observer.finished(atLeast: 2).map(\.status) == [413, 413])
        }
    }

    @Test("A refused small body is dropped and the connection lives on")
    func connectionSurvives() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                let body = [UInt8](repeating: 120, count: 5000)
                var statuses: [Int] = []
                for (method, path) in [("POST", "/nowhere"), ("POST", "/"), ("POST", "/json"), ("DELETE", "/thing")] {
                    statuses.append(try await client.request(method, path, body: body).status)
                }
                #expect(statuses == [404, 405, 413, 204])
                #expect(try await client.request("GET", "/").text == "ok")
            }
        }
    }

    @Test("A body of the wrong type is 415")
    func wrongType() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                for (headers, status) in [
                    ([("Content-Type", "application/json")], 200),
                    ([("Content-Type", "Application/JSON; charset=\"UTF-8\"")], 200),
                    ([("Content-Type", "application/json;charset=utf-8; x=y")], 200),
                    ([("Content-Type", "application/json"), ("Content-Encoding", "identity")], 200),
                    ([("Content-Type", "application/json; charset=latin1")], 415),
                    ([("Content-Type", "text/json")], 415), ([("Content-Type", "application/json-seq")], 415),
                    ([("Content-Type", "")], 415), ([], 415),
                    ([("Content-Type", "application/json"), ("Content-Encoding", "gzip")], 415),
                ] {
                    let reply = try await client.request("POST", "/json", headers: headers, body: [123, 125])
                    #expect(reply.status == status, "\(headers)")
                    if status == 415 { #expect(reply.text.contains(#""code":"unsupported_media_type""#)) }
                }
                // Without a body there is nothing to have a type.
                #expect(try await client.request("POST", "/json").status == 200)
            }
        }
    }

    @Test("A body arrives whole, in one piece, in many, and in chunks")
    func bodies() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                let large = [UInt8](repeating: 120, count: 2_000_000)
                #expect(try await client.request("POST", "/large", body: large).text == "2000000")
                try await client.send(
                    "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n")
                for byte in "{\"a\":1}".utf8 { try await client.send([byte]) }
                #expect(try await client.readReply().text == "{\"a\":1}")
                try await client.send(
                    "POST /json HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                )
                for part in ["{\"a", "\":", "1}", ""] { try await client.sendChunk(Array(part.utf8)) }
                #expect(try await client.readReply().text == "{\"a\":1}")
            }
        }
    }
}
