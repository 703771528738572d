import CofferTesting
import JSON
import Testing

@Suite("Sessions over HTTP")
struct SessionTests {
    @Test("a login gives a token, the session's id and end, and the user")
    func logIn() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("Ada")
            let reply = try await api.logIn("aDa", password: APIFixture.password(of: "Ada"))
            #expect(reply.status == 201)
            let login = try reply.json
            #expect(login["token"]?.stringValue?.wholeMatch(of: #/cof_s_[A-Za-z0-9_-]{43}/#) != nil)
            #expect(login["session_id"]?.stringValue?.isEmpty == false)
            expectTime(login["expires_at"])
            #expect(login["user"]?["username"] == .string("Ada"))
        }
    }

    @Test("a session that is remembered lasts longer")
    func remember() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("ada")
            let short = try await api.logIn("ada").json["expires_at"]?.stringValue ?? ""
            let long = try await api.logIn("ada", remember: true).json["expires_at"]?.stringValue ?? ""
            #expect(short < long)
        }
    }

    @Test("a wrong password and an unknown user get the same answer")
    func invalidCredentials() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("ada")
            let wrong = try await api.logIn("ada", password: "not the one")
            let unknown = try await api.logIn("eve", password: "not the one")
            let impossible = try await api.logIn("no/name", password: "not the one")
            let details = try [wrong, unknown, impossible].map { reply in
                try expectProblem(reply, 401, "invalid_credentials")["detail"]
            }
            #expect(Set(details.map { $0?.stringValue }).count == 1)
        }
    }

    @Test("after too many failures logins are refused for a while, also with the right password")
    func tooManyAttempts() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("ada")
            for _ in 0..<10 {
                try expectProblem(try await api.logIn("ada", password: "wrong one"), 401, "invalid_credentials")
            }
            try expectProblem(try await api.logIn("ada"), 429, "too_many_attempts")
        }
    }

    @Test("the list shows one's own sessions and which is the current one")
    func list() async throws {
        try await APIFixture.run { api in
            let first = try await api.makeUser("ada")
            let second = try await api.session(of: "ada")
            _ = try await api.makeUser("eve")
            let reply = try await api.call(
                "GET", "/v1/sessions", as: second.token, headers: [("User-Agent", "tests/1")])
            #expect(reply.status == 200)
            let list = try reply.json
            #expect(list["next_cursor"] == .null)
            let items = try #require(list["items"]?.arrayValue)
            #expect(Set(items.map { $0["id"]?.stringValue }) == [first.sessionID, second.sessionID])
            for item in items {
                #expect(item["current"] == .bool(item["id"]?.stringValue == second.sessionID))
                #expect(item["address"] == .string("127.0.0.1"))
                #expect(item["user_agent"]?.stringValue != nil)
                for time in ["created", "last_seen", "expires"] { expectTime(item[time]) }
            }
            #expect(!reply.text.contains("cof_s_"))
        }
    }

    @Test("the user agent of the login is kept with its session")
    func userAgent() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("ada")
            let login = try await api.call(
                "POST", "/v1/sessions", headers: [("User-Agent", "tests/1")],
                json: #"{"username":"ada","password":"\#(APIFixture.password(of: "ada"))"}"#)
            let token = try #require(try login.json["token"]?.stringValue)
            let items = try await api.call("GET", "/v1/sessions", as: token).json["items"]?.arrayValue
            #expect(items?.first?["user_agent"] == .string("tests/1"))
        }
    }

    @Test("logout ends the session at once")
    func logOut() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.call("DELETE", "/v1/sessions/current", as: user.token)
            #expect(reply.status == 204)
            #expect(reply.body.isEmpty)
            try expectProblem(try await api.call("GET", "/v1/me", as: user.token), 401, "invalid_token")
            try expectProblem(try await api.query("SELECT 1", as: user), 401, "invalid_token")
        }
    }

    @Test("one session ends another of the same user by its id")
    func endOne() async throws {
        try await APIFixture.run { api in
            let first = try await api.makeUser()
            let second = try await api.session(of: first.name)
            #expect(try await api.call("DELETE", "/v1/sessions/\(first.sessionID)", as: second.token).status == 204)
            try expectProblem(try await api.call("GET", "/v1/me", as: first.token), 401, "invalid_token")
            #expect(try await api.call("GET", "/v1/me", as: second.token).status == 200)
            try expectProblem(
                try await api.call("DELETE", "/v1/sessions/\(first.sessionID)", as: second.token), 404, "not_found")
        }
    }

    @Test("nobody ends somebody else's session")
    func endForeign() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            for id in [ada.sessionID, "no-id", "..%2f", ada.sessionID.uppercased() + "0"] {
                try expectProblem(
                    try await api.call("DELETE", "/v1/sessions/\(id)", as: eve.token), 404, "not_found")
            }
            #expect(try await api.call("GET", "/v1/me", as: ada.token).status == 200)
        }
    }

    @Test("all others end, the current one stays")
    func endOthers() async throws {
        try await APIFixture.run { api in
            let first = try await api.makeUser()
            let second = try await api.session(of: first.name)
            let third = try await api.session(of: first.name)
            #expect(try await api.call("DELETE", "/v1/sessions", as: second.token).status == 204)
            #expect(try await api.call("GET", "/v1/me", as: second.token).status == 200)
            for ended in [first, third] {
                try expectProblem(try await api.call("GET", "/v1/me", as: ended.token), 401, "invalid_token")
            }
        }
    }

    @Test(
        "what is no token of a live session is refused",
        arguments: [
            nil, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer x", "Bearer cof_s_",
            "cof_s_" + String(repeating: "A", count: 43),
            "Bearer cof_s_" + String(repeating: "A", count: 43), "Bearer cof_s_" + String(repeating: "A", count: 42),
            "Bearer cof_s_" + String(repeating: "A", count: 44), "Bearer cof_r_" + String(repeating: "A", count: 43),
            "Bearer cof_s_" + String(repeating: "!", count: 43), "Bearer  cof_s_" + String(repeating: "A", count: 43),
            "Bearer " + String(repeating: "A", count: 4000), "Bearer \u{FF}\u{FE}",
        ] as [String?])
    func tokenShapes(_ header: String?) async throws {
        try await APIFixture.run { api in
            let reply = try await api.call(
                "GET", "/v1/me", headers: header.map { [("Authorization", $0)] } ?? [])
            try expectProblem(reply, 401, "invalid_token")
        }
    }

    @Test("a token that is one character off is refused, and the scheme is taken in any case")
    func tokenExactness() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            var characters = Array(user.token)
            characters[20] = characters[20] == "A" ? "B" : "A"
            try expectProblem(try await api.call("GET", "/v1/me", as: String(characters)), 401, "invalid_token")
            try expectProblem(try await api.call("GET", "/v1/me", as: user.token + " x"), 401, "invalid_token")
            let reply = try await api.call("GET", "/v1/me", headers: [("Authorization", "bEARER \(user.token)")])
            #expect(reply.status == 200)
        }
    }
}
