import CofferTesting
import Glibc
import JSON
import Testing

@Suite("Researches and the server's process")
struct ResearchTests {
    @Test("after logout, kill -9 and a restart a research goes on with its token, and has all that was acknowledged")
    func kill() async throws {
        try await withTemporaryDirectory { directory in
            var (ada, worker, id): (SystemUser?, SystemUser?, String) = (nil, nil, "")
            try await ServerProcess.run(in: directory) { server in
                let user = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: user)
                let start = try await server.call(
                    "POST", "/v1/research", as: user, json: #"{"title":"Tides","lease_seconds":600}"#)
                try #require(start.status == 201, "\(start)")
                let json = try JSONValue(parsing: start.body)
                id = try #require(json["id"]?.stringValue)
                let token = try #require(json["token"]?.stringValue)
                let research = SystemUser(name: "", password: "", token: token)
                #expect(try await server.call("DELETE", "/v1/sessions/current", as: user).status == 204)
                let heartbeat = try await server.call(
                    "POST", "/v1/research/\(id)/heartbeat", as: research, json: #"{"progress":30,"message":"on"}"#)
                #expect(heartbeat.status == 200)
                let findings = try await server.call(
                    "POST", "/v1/research/\(id)/findings", as: research,
                    json: #"{"items":[{"key":"1","kind":"page","title":"The Moon","content":"pulls"}]}"#)
                #expect(findings.status == 201)
                (ada, worker) = (user, research)
                server.process.send(SIGKILL)
                #expect(try await server.process.wait() == .signal(SIGKILL))
            }
            let (user, research) = (try #require(ada), try #require(worker))
            try await ServerProcess.run(in: directory) { server in
                #expect(try await server.metric("coffer_research_active") == 1)
                #expect(try await server.metric("coffer_protected_users") == 1)
                #expect(try await server.call("GET", "/v1/me", as: user).status == 401)
                try await server.rows("INSERT INTO t VALUES (1)", as: research)
                let record = try await server.json("GET", "/v1/research/\(id)", as: research)
                #expect(record["state"] == .string("running"))
                #expect(record["progress"] == .integer(30))
                #expect(record["message"] == .string("on"))
                let hits = try await server.json("GET", "/v1/research/search?q=moon", as: research)
                #expect(hits["items"]?.arrayValue?.count == 1)
                let again = try await server.call(
                    "POST", "/v1/research/\(id)/findings", as: research,
                    json: #"{"items":[{"key":"1","kind":"page","title":"The Moon","content":"pulls"}]}"#)
                let added = try JSONValue(parsing: again.body)["items"]?.arrayValue?.first
                #expect(added?["new"] == .bool(false))
                let end = try await server.call(
                    "POST", "/v1/research/\(id)/complete", as: research, json: #"{"result":{"pages":1}}"#)
                #expect(end.status == 200)
                #expect(try await server.metric("coffer_research_active") == 0)
                #expect(try await server.metric("coffer_descriptor_budget_used") == 0, "the engine has closed")
                #expect(try await server.stop() == .exit(0))
            }
            try await ServerProcess.run(in: directory) { server in
                #expect(try await server.call("GET", "/v1/research/\(id)", as: research).status == 401)
                let login = try await server.call(
                    "POST", "/v1/sessions", json: #"{"username":"ada","password":"\#(user.password)"}"#)
                let token = try #require(try JSONValue(parsing: login.body)["token"]?.stringValue)
                let session = SystemUser(name: "ada", password: user.password, token: token)
                let record = try await server.json("GET", "/v1/research/\(id)", as: session)
                #expect(record["state"] == .string("completed"))
                #expect(record["result"] == .object([JSONMember(name: "pages", value: .integer(1))]))
                #expect(record["findings"] == .integer(1))
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test("the settings of researches are taken")
    func settings() async throws {
        try await withTemporaryDirectory { directory in
            let settings = ["COFFER_RESEARCH_PER_USER": "1", "COFFER_RESEARCH_LEASE": "90s"]
            try await ServerProcess.run(in: directory, environment: settings) { server in
                let user = try await server.makeUser("ada")
                let first = try await server.call("POST", "/v1/research", as: user, json: #"{"title":"t"}"#)
                #expect(first.status == 201)
                let refused = try await server.call("POST", "/v1/research", as: user, json: #"{"title":"t"}"#)
                #expect(refused.status == 429)
                let seconds = try #require(refused.header("Retry-After").flatMap { Int($0) })
                #expect((1...90).contains(seconds))
                #expect(try await server.stop() == .exit(0))
            }
        }
    }
}

extension ServerProcess {
    fileprivate func json(_ method: String, _ path: String, as user: SystemUser) async throws -> JSONValue {
        let reply = try await call(method, path, as: user)
        try #require(reply.status == 200, "\(reply)")
        return try JSONValue(parsing: reply.body)
    }

    /// The value of a metric without labels.
    fileprivate func metric(_ name: String) async throws -> Int? {
        try await call("GET", "/metrics").text.split(separator: "\n").first { $0.hasPrefix(name + " ") }
            .flatMap { Int($0.dropFirst(name.count + 1)) }
    }
}
