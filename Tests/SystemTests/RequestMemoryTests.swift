import CofferTesting
import Testing

@Suite("What a request leaves in the server's memory")
struct RequestMemoryTests {
    /// A text that is nowhere but where it was sent.
    private static func secret() -> String {
        "~" + String((1...40).map { _ in "abcdefghijklmnopqrstuvwxyz".randomElement()! })
    }

    /// The memory of a request goes soon after the answer, while its connection stays open.
    private func expectGone(
        _ secret: String, from server: ServerProcess, file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        try await eventually(within: .seconds(10), file: file, line: line) {
            try server.copiesInMemory(of: secret) == 0
        }
    }

    @Test("values of header fields lie there once, out of libmicrohttpd's reach, and not at all after the answer")
    func header() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let secrets = (1...3).map { _ in Self.secret() }
                try await server.client.send(
                    """
                    POST /v1/query HTTP/1.1\r
                    Host: localhost\r
                    Authorization: Bearer \(secrets[0])\r
                    X-Coffer-Passphrase: \(secrets[1])\r
                    Cookie: name=\(secrets[2])\r
                    Content-Type: application/json\r
                    Content-Length: 2\r
                    Expect: 100-continue\r
                    \r\n
                    """)
                // The server has read the header, and the request waits for its body.
                #expect(try await server.client.readReply().status == 100)
                for secret in secrets { #expect(try server.copiesInMemory(of: secret) == 1) }
                try await server.client.send("{}")
                #expect(try await server.client.readReply().status == 401)
                for secret in secrets { try await expectGone(secret, from: server) }
                #expect(try await server.call("GET", "/health/live").status == 200)
            }
        }
    }

    @Test(
        "a body lies there once, and not at all after the answer of a handler that read it, or did not",
        arguments: [100, 30_000], [false, true])
    func body(byteCount: Int, isChunked: Bool) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                _ = try await server.makeUser("ada")
                for path in ["/v1/sessions", "/v1/query"] {
                    let secret = Self.secret()
                    let beginning = #"{"username":"ada","password":"\#(secret)""#
                    let rest = String(repeating: " ", count: byteCount - beginning.utf8.count - 1) + "}"
                    try await server.client.send(
                        """
                        POST \(path) HTTP/1.1\r
                        Host: localhost\r
                        Content-Type: application/json\r
                        \(isChunked ? "Transfer-Encoding: chunked" : "Content-Length: \(byteCount)")\r
                        \r\n
                        """)
                    func send(_ text: String) async throws {
                        if isChunked {
                            try await server.client.sendChunk(Array(text.utf8))
                        } else {
                            try await server.client.send(text)
                        }
                    }
                    try await send(beginning)
                    try await eventually { try server.copiesInMemory(of: secret) == 1 }
                    try await send(rest)
                    if isChunked { try await server.client.sendChunk([]) }
                    #expect(try await server.client.readReply().status == 401)
                    try await expectGone(secret, from: server)
                }
                #expect(try await server.call("GET", "/health/live").status == 200)
            }
        }
    }

    @Test(
        "a body that is read as it comes is gone after the answer, whether all of it was read or next to nothing",
        arguments: [true, false])
    func streamedBody(isRead: Bool) async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let user = try await server.makeUser("ada")
                let secret = Self.secret()
                let part = secret + String(repeating: " ", count: 4096 - secret.utf8.count)
                let beginning = isRead ? "SQLite format 3\0" : "no database"
                let body = beginning + String(repeating: " ", count: 4096) + String(repeating: part, count: 100)
                let client = try HTTPClient(port: server.port)
                let reply = try await client.request(
                    "PUT", "/v1/import", headers: [("Authorization", "Bearer \(user.token)")], body: Array(body.utf8))
                #expect(reply.status == 422)
                await client.close()
                try await expectGone(secret, from: server)
            }
        }
    }
}
