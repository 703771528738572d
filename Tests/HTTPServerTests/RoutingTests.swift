import CofferTesting
import HTTPServer
import Testing

@Suite("Routing")
struct RoutingTests {
    private func routes(_ router: inout Router) {
        router.inline(.get, "/plain") { request in
            .now(Response(contentType: "text/plain", bytes: Array("\(request.method) \(request.path)".utf8)))
        }
        router.on(.put, "/plain") { _ in Response(.noContent) }
        router.on(.get, "/items/{id}") { request in
            Response(contentType: "text/plain", bytes: Array("item \(request.parameter("id"))".utf8))
        }
        router.on(.get, "/items/current") { _ in Response(contentType: "text/plain", bytes: Array("current".utf8)) }
        router.on(.get, "/items/current/{part}/end") { request in
            Response(contentType: "text/plain", bytes: Array("end \(request.parameter("part"))".utf8))
        }
        router.on(.get, "/items/{id}/tail") { request in
            Response(contentType: "text/plain", bytes: Array("tail \(request.parameter("id"))".utf8))
        }
        router.on(.get, "/query") { request in
            let text = request.queryItems.map { "\($0.name)=\($0.value)" }.joined(separator: "|")
            return Response(contentType: "text/plain", bytes: Array(text.utf8))
        }
    }

    private func get(_ path: String, method: String = "GET") async throws -> HTTPReply {
        var reply: HTTPReply?
        try await TestServer.run(routes: routes) { server in
            reply = try await server.withClient { try await $0.request(method, path) }
        }
        return try #require(reply)
    }

    @Test(
        "A path finds its route, and a literal part wins over a parameter",
        arguments: [
            ("/plain", "GET /plain"), ("/items/7", "item 7"), ("/items/current", "current"),
            ("/items/current/tail", "tail current"), ("/items/current/x/end", "end x"), ("/items/a%2Fb", "item a/b"),
            ("/items/%C3%A4+b", "item ä+b"), ("http://localhost/plain", "GET /plain"),
        ])
    func found(path: String, text: String) async throws {
        let reply = try await get(path)
        #expect(reply.status == 200)
        #expect(reply.text == text)
    }

    @Test(
        "An unknown path is 404",
        arguments: ["/", "/plain/", "/items", "/items/", "//plain", "/items/1/2/3", "/Plain", "*"])
    func unknown(path: String) async throws {
        let reply = try await get(path)
        #expect(reply.status == 404)
        #expect(reply.header("content-type") == "application/problem+json")
        #expect(reply.text.contains(#""code":"not_found""#))
    }

    @Test(
        "What does not decode is 400 and closes the connection",
        arguments: [
            "/items/%", "/items/%4", "/items/%zz", "/items/%00", "/items/%FF", "/items/..", "/items/%2e%2E", "/./plain",
            "/query?a=%", "/query?%ff=1", "/items/a#b", "plain", "/items/\u{7f}",
        ])
    func malformed(path: String) async throws {
        let reply = try await get(path)
        #expect(reply.status == 400)
        #expect(reply.text.contains(#""code":"malformed_request""#))
        #expect(reply.header("connection")?.lowercased() == "close")
    }

    @Test("A query is decoded in order, with plus as space")
    func query() async throws {
        let reply = try await get("/query?b=2&a=1+%2B%26&&flag&x=y=z&%C3%A4=%F0%9F%98%80")
        #expect(reply.text == "b=2|a=1 +&|flag=|x=y=z|ä=😀")
    }

    @Test("A wrong method is 405 with Allow, and OPTIONS tells the same")
    func wrongMethod() async throws {
        for method in ["POST", "DELETE", "BREW"] {
            let reply = try await get("/plain", method: method)
            #expect(reply.status == 405)
            #expect(reply.header("allow") == "GET, HEAD, OPTIONS, PUT")
            #expect(reply.text.contains(#""code":"method_not_allowed""#))
        }
        let options = try await get("/plain", method: "OPTIONS")
        #expect(options.status == 204)
        #expect(options.header("allow") == "GET, HEAD, OPTIONS, PUT")
        #expect(try await get("*", method: "OPTIONS").status == 204)
    }

    @Test("HEAD answers as GET does, without the body")
    func head() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                let get = try await client.request("GET", "/items/7")
                let head = try await client.request("HEAD", "/items/7")
                #expect(head.status == 200)
                #expect(head.header("content-length") == get.header("content-length"))
                #expect(head.header("content-type") == "text/plain")
                // The connection is in step: nothing of a body has come.
                #expect(try await client.request("GET", "/plain").text == "GET /plain")
                #expect(try await client.request("HEAD", "/nowhere").status == 404)
            }
            let finished = await server.observer.finished(atLeast: 4)
            #expect(finished.map(\.bytesSent) == [6, 0, 10, 0])
            #expect(finished.map(server.template(of:)) == ["/items/{id}", "/items/{id}", "/plain", nil])
        }
    }
}
