import Accounts
import CofferTesting
import JSON
import Testing

@Suite("Registration over HTTP")
struct RegistrationTests {
    @Test("a registration answers 201 with the user and nothing secret")
    func registers() async throws {
        try await APIFixture.run { api in
            let reply = try await api.register("Ada.L_1-x")
            #expect(reply.status == 201)
            #expect(reply.header("Content-Type") == "application/json")
            let user = try reply.json["user"]
            #expect(user?["username"] == .string("Ada.L_1-x"))
            #expect(user?["id"]?.stringValue?.isEmpty == false)
            expectTime(user?["created"])
            #expect(try reply.json.objectValue?.map(\.name) == ["user"])
        }
    }

    @Test(
        "past the limit of a network a registration is refused for a while, and what is refused before is not counted")
    func limit() async throws {
        try await APIFixture.run({
            $0.accounts.registrationsPerNetwork = RateLimit(count: 2, window: .seconds(3600))
        }) { api in
            #expect(try await api.register("ada").status == 201)
            try expectProblem(try await api.register("ada"), 409, "username_taken")
            try expectProblem(try await api.register("a b"), 422, "invalid_username")
            #expect(try await api.register("bob").status == 201)
            let refused = try await api.register("eve")
            try expectProblem(refused, 429, "rate_limited")
            let seconds = refused.header("Retry-After").flatMap { Int($0) }
            #expect(seconds.map { (3500...3600).contains($0) } == true, "\(refused)")
        }
    }

    @Test("with recovery, the reply has a code once")
    func recoveryCode() async throws {
        try await APIFixture.run { api in
            let code = try await api.register("ada", recovery: true).json["recovery_code"]?.stringValue
            #expect(code?.wholeMatch(of: #/([0-9A-Z]{4}-){7}[0-9A-Z]{4}/#) != nil)
        }
    }

    @Test("a name is taken in any case of its letters")
    func nameTaken() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("Ada")
            try expectProblem(try await api.register("aDA"), 409, "username_taken")
        }
    }

    @Test(
        "a name that cannot be one is refused",
        arguments: ["", "a b", "ä", "../x", "a/b", String(repeating: "x", count: 65), "a\\u0000", "😀"])
    func invalidName(_ name: String) async throws {
        try await APIFixture.run { api in
            try expectProblem(
                try await api.call(
                    "POST", "/v1/users", json: #"{"username":"\#(name)","password":"long enough"}"#),
                422, "invalid_username")
            #expect(api.openUserFiles == [])
        }
    }

    @Test("the longest name is taken")
    func longestName() async throws {
        try await APIFixture.run { api in
            let reply = try await api.register(String(repeating: "x", count: 64))
            #expect(reply.status == 201)
        }
    }

    @Test(
        "a password that is too weak is refused",
        arguments: ["", "1234567", "password", "Somebody", String(repeating: "x", count: 1025)])
    func weakPassword(_ password: String) async throws {
        try await APIFixture.run { api in
            let reply = try await api.call(
                "POST", "/v1/users", json: #"{"username":"somebody","password":"\#(password)"}"#)
            try expectProblem(reply, 422, "weak_password")
            #expect(password.isEmpty || !reply.text.contains("\"\(password)\""))
        }
    }

    @Test("a password is any UTF-8, escaped or not", arguments: [#"p\u00e4ssw\u00f6rter"#, "pässwörter"])
    func passwordText(_ written: String) async throws {
        try await APIFixture.run { api in
            let registration = try await api.call(
                "POST", "/v1/users", json: #"{"username":"ada","password":"\#(written)"}"#)
            #expect(registration.status == 201)
            #expect(try await api.logIn("ada", password: "pässwörter").status == 201)
        }
    }

    @Test("a closed server takes no registrations")
    func closed() async throws {
        try await APIFixture.run {
            $0.accounts.isRegistrationOpen = false
        } _: { api in
            try expectProblem(try await api.register("ada"), 403, "registration_closed")
        }
    }

    @Test("of several registrations of one name at once, one is taken and one database is made")
    func concurrent() async throws {
        try await APIFixture.run { api in
            let port = api.server.port
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        let client = try HTTPClient(port: port)
                        let reply = try await client.call(
                            "POST", "/v1/users", json: #"{"username":"ada","password":"long enough"}"#)
                        await client.close()
                        return reply.status
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.sorted() == [201] + Array(repeating: 409, count: 7))
            #expect(databaseCount(in: api.directory) == 1)
        }
    }

    private func databaseCount(in directory: String) -> Int {
        FileTree.paths(under: directory + "/data/users").count { $0.hasSuffix("main.db") }
    }
}
