import CofferAPI
import CofferTesting
import JSON
import Testing

@Suite("Operators over HTTP")
struct AdminTests {
    private static let token = "operators-only"

    private func withToken(_ options: inout APIOptions) throws {
        options.access.adminToken = try AdminToken(Array(Self.token.utf8))
    }

    private static let routes = [
        ("GET", "/v1/admin/engines"), ("POST", "/v1/admin/engines/name:ada/close"), ("POST", "/v1/admin/reap"),
    ]

    @Test("nobody else is told that there is anything")
    func refused() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (method, path) in Self.routes {
                for token in [nil, "", Self.token, user.token] {
                    try expectProblem(try await api.call(method, path, as: token), 404, "not_found")
                }
            }
        }
        try await APIFixture.run(withToken) { api in
            let user = try await api.makeUser()
            for (method, path) in Self.routes {
                for token in ["wrong", user.token] {
                    let reply = try await api.call(method, path, as: token)
                    #expect([401, 404].contains(reply.status), "\(reply)")
                }
            }
            #expect(try await api.call("GET", "/v1/me", as: user.token).status == 200)
        }
    }

    @Test("an engine is listed while it is open, and closed on demand; its token opens it again")
    func engines() async throws {
        try await APIFixture.run(withToken) { api in
            let user = try await api.makeUser()
            #expect(try await api.call("GET", "/v1/admin/engines", as: Self.token).json["items"] == json("[]"))
            for name in [user.id, "name:ADA"] {
                try await api.rows("CREATE TABLE IF NOT EXISTS t(v)", as: user)
                let list = try await api.call("GET", "/v1/admin/engines", as: Self.token).json["items"]?.arrayValue
                #expect(list?.count == 1)
                #expect(list?.first?["user"] == .string(user.id))
                #expect(list?.first?["active"] == .bool(true))
                #expect(list?.first?["writer"] == json(#"{"idle":1,"leased":0,"waiting":0}"#))
                #expect(try await api.call("POST", "/v1/admin/engines/\(name)/close", as: Self.token).status == 204)
                #expect(api.openUserFiles == [])
            }
            try await api.rows("SELECT * FROM t", as: user)
            try expectProblem(
                try await api.call("POST", "/v1/admin/engines/name:eve/close", as: Self.token), 404, "not_found")
        }
    }

    @Test("a pass of the reaper runs on demand and says what it did")
    func reap() async throws {
        try await APIFixture.run(withToken) { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.accounts.endSessions(of: try #require(api.engines.descriptions().first?.user))
            let report = try await api.call("POST", "/v1/admin/reap", as: Self.token).json
            #expect(report["closed"] == .integer(1))
            #expect(report["failed"] == .integer(0))
            expectTime(report["started"])
            #expect(api.openUserFiles == [])
        }
    }
}
