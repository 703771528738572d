import CofferTesting
import HTTPServer
import JSON
import Testing

@Suite("Observability")
struct ObservabilityTests {
    private func routes(_ router: inout Router) {
        router.inline(.get, "/things/{id}") { _ in .now(.json(Bytes("{}"))) }
        router.on(.get, "/cached") { _ in
            Response(headers: ["Cache-Control": "max-age=60", "Content-Type": "text/html"], body: .bytes([65]))
        }
    }

    @Test("A sane X-Request-ID is kept, and any other gets a fresh one")
    func requestID() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                for id in ["a", "0-9_A.z", String(repeating: "x", count: 64)] {
                    let reply = try await client.request("GET", "/things/1", headers: [("X-Request-ID", id)])
                    #expect(reply.header("x-request-id") == id)
                }
                var made: Set<String> = []
                let bad = ["", "a b", "ä", String(repeating: "x", count: 65), "a\"b", "a/b"]
                for id in bad {
                    let reply = try await client.request("GET", "/things/1", headers: [("X-Request-ID", id)])
                    let fresh = try #require(reply.header("x-request-id"))
                    #expect(fresh.count == 32 && fresh.allSatisfy(\.isHexDigit))
                    made.insert(fresh)
                }
                #expect(made.count == bad.count)
                let problem = try await client.request("GET", "/nowhere", headers: [("X-Request-ID", "here")])
                #expect(problem.header("x-request-id") == "here")
                #expect(problem.text.contains(#""request_id":"here""#))
            }
        }
    }

    @Test("Every response has the security headers, and a route may say otherwise about caching")
    func securityHeaders() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                for path in ["/things/1", "/nowhere", "/cached", "/%"] {
                    let reply = try await client.request("GET", path)
                    #expect(reply.header("x-content-type-options") == "nosniff")
                    #expect(reply.header("cache-control") == (path == "/cached" ? "max-age=60" : "no-store"))
                    #expect(reply.headers.count { $0.name == "cache-control" } == 1)
                    #expect(reply.header("date") != nil)
                }
            }
        }
    }

    @Test("The access log has a line per request, and neither query nor header values")
    func accessLog() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                _ = try await client.request(
                    "GET", "/things/7?secret=SQUEAMISH",
                    headers: [
                        ("Authorization", "Bearer SQUEAMISH"), ("X-Request-ID", "id1"), ("User-Agent", "OSSIFRAGE"),
                    ])
                _ = try await client.request("GET", "/nowhere?SQUEAMISH", headers: [("X-Request-ID", "id2")])
            }
            _ = await server.observer.finished(atLeast: 2)
            let lines = server.log.lines.filter { $0.message == "request" }
            #expect(lines.count == 2)
            #expect(lines.allSatisfy { $0.level == .debug })
            let first = try #require(lines.first?.metadata)
            #expect(first["method"] == "GET" && first["route"] == "/things/{id}" && first["path"] == "/things/7")
            #expect(first["status"] == "200" && first["bytes"] == "2" && first["request_id"] == "id1")
            #expect(first["client"] == "127.0.0.1" && first["duration_ms"] != nil)
            #expect(lines[1].metadata["route"] == nil && lines[1].metadata["path"] == "/nowhere")
            let everything = server.log.lines.map { "\($0)" }.joined()
            #expect(!everything.contains("SQUEAMISH") && !everything.contains("OSSIFRAGE"))
        }
    }

    @Test("The observer is told of every request, also of a refused one")
    func observer() async throws {
        try await TestServer.run(routes: routes) { server in
            try await server.withClient { client in
                _ = try await client.request("GET", "/things/7")
                _ = try await client.request("POST", "/things/7")
                _ = try await client.request("GET", "/%")
            }
            let finished = await server.observer.finished(atLeast: 3)
            #expect(finished.map(\.status) == [200, 405, 400])
            #expect(finished.map(server.template(of:)) == ["/things/{id}", nil, nil])
            #expect(finished.map(\.method) == [.get, .post, .get])
            #expect(finished.allSatisfy { $0.duration > .zero && !$0.isCutShort })
        }
    }
}
