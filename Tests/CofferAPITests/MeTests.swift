import CofferTesting
import JSON
import Testing

@Suite("One's own account over HTTP")
struct MeTests {
    @Test("a user sees their name, age, sessions and size")
    func describe() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            _ = try await api.session(of: user.name)
            let before = try await api.call("GET", "/v1/me", as: user.token).json
            #expect(before["username"] == .string("ada"))
            #expect(before["id"] == .string(user.id))
            #expect(before["sessions"] == .integer(2))
            expectTime(before["created"])
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("INSERT INTO t VALUES (zeroblob(100000))", as: user)
            let after = try await api.call("GET", "/v1/me", as: user.token).json
            let growth = (after["database_bytes"]?.integerValue ?? 0) - (before["database_bytes"]?.integerValue ?? 0)
            #expect(growth >= 100_000)
        }
    }

    @Test("a new password ends the other sessions and replaces the old one")
    func changePassword() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let other = try await api.session(of: user.name)
            try await api.rows("CREATE TABLE t(v)", as: user)
            let reply = try await api.call(
                "PUT", "/v1/me/password", as: user.token,
                json: #"{"current":"\#(user.password)","new":"quite another"}"#)
            #expect(reply.status == 204)
            try await api.rows("SELECT * FROM t", as: user)
            try expectProblem(try await api.call("GET", "/v1/me", as: other.token), 401, "invalid_token")
            try expectProblem(try await api.logIn(user.name), 401, "invalid_credentials")
            #expect(try await api.logIn(user.name, password: "quite another").status == 201)
        }
    }

    @Test("a wrong current password and a weak new one change nothing")
    func refusedPasswordChange() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let other = try await api.session(of: user.name)
            try expectProblem(
                try await api.call(
                    "PUT", "/v1/me/password", as: user.token, json: #"{"current":"wrong one","new":"quite another"}"#),
                401, "invalid_credentials")
            try expectProblem(
                try await api.call(
                    "PUT", "/v1/me/password", as: user.token, json: #"{"current":"\#(user.password)","new":"short"}"#),
                422, "weak_password")
            #expect(try await api.call("GET", "/v1/me", as: other.token).status == 200)
            #expect(try await api.logIn(user.name).status == 201)
        }
    }

    @Test("a recovery code gives a new password once, and ends every session")
    func recover() async throws {
        try await APIFixture.run { api in
            let code = try #require(try await api.register("ada", recovery: true).json["recovery_code"]?.stringValue)
            let user = try await api.session(of: "ada")
            try await api.rows("CREATE TABLE t(v)", as: user)
            let reply = try await recover("ada", code, "quite another", in: api)
            #expect(reply.status == 200)
            #expect(try reply.json == json("{}"))
            try expectProblem(try await api.call("GET", "/v1/me", as: user.token), 401, "invalid_token")
            #expect(api.openUserFiles == [], "the last session is gone, and so is the engine")
            let login = try await api.logIn("ada", password: "quite another")
            let token = try #require(try login.json["token"]?.stringValue)
            let query = try await api.call(
                "POST", "/v1/query", as: token, json: #"{"sql":"SELECT count(*) FROM t"}"#)
            #expect(try query.json["rows"] == json("[[0]]"))
            try expectProblem(try await recover("ada", code, "yet another one", in: api), 401, "invalid_credentials")
        }
    }

    @Test("a recovery gives a new code when asked, and that one works")
    func recoverWithNewCode() async throws {
        try await APIFixture.run { api in
            let code = try #require(try await api.register("ada", recovery: true).json["recovery_code"]?.stringValue)
            let next = try #require(
                try await recover("ada", code, "quite another", more: #","recovery":true"#, in: api)
                    .json["recovery_code"]?.stringValue)
            #expect(next != code)
            #expect(try await recover("ADA", next.lowercased(), "yet another one", in: api).status == 200)
        }
    }

    @Test("a code that is wrong, malformed or of an unknown user is refused in the same way")
    func wrongRecoveryCode() async throws {
        try await APIFixture.run { api in
            _ = try await api.register("ada", recovery: true)
            _ = try await api.register("eve")
            let wrong = "0000-0000-0000-0000-0000-0000-0000-0000"
            for (name, code) in [("ada", wrong), ("eve", wrong), ("nobody", wrong), ("ada", "x"), ("ada", "")] {
                try expectProblem(try await recover(name, code, "quite another", in: api), 401, "invalid_credentials")
            }
        }
    }

    @Test("a weak new password does not spend the recovery code")
    func weakPasswordOnRecovery() async throws {
        try await APIFixture.run { api in
            let code = try #require(try await api.register("ada", recovery: true).json["recovery_code"]?.stringValue)
            try expectProblem(try await recover("ada", code, "short", in: api), 422, "weak_password")
            #expect(try await recover("ada", code, "quite another", in: api).status == 200)
        }
    }

    @Test("a new recovery code replaces the old one and needs the password")
    func renewRecoveryCode() async throws {
        try await APIFixture.run { api in
            let old = try #require(try await api.register("ada", recovery: true).json["recovery_code"]?.stringValue)
            let user = try await api.session(of: "ada")
            try expectProblem(
                try await api.call("POST", "/v1/me/recovery-code", as: user.token, json: #"{"password":"wrong one"}"#),
                401, "invalid_credentials")
            let reply = try await api.call(
                "POST", "/v1/me/recovery-code", as: user.token, json: #"{"password":"\#(user.password)"}"#)
            #expect(reply.status == 200)
            let new = try #require(try reply.json["recovery_code"]?.stringValue)
            try expectProblem(try await recover("ada", old, "quite another", in: api), 401, "invalid_credentials")
            #expect(try await recover("ada", new, "quite another", in: api).status == 200)
        }
    }

    @Test("a deleted account leaves no file, no seal and no session")
    func deleteAccount() async throws {
        try await withTemporaryDirectory { directory in
            let id = try await userIDAfterDeletion(in: directory.path)
            for name in ["catalog.db", "catalog.db-wal"] {
                #expect(!FileContent.bytes(of: directory.path + "/data/" + name).contains(textOf: id))
            }
        }
    }

    private func userIDAfterDeletion(in directory: String) async throws -> String {
        var id = ""
        try await APIFixture.run(in: directory) { api in
            let user = try await api.makeUser()
            id = user.id
            let other = try await api.session(of: user.name)
            try await api.rows("CREATE TABLE t(v)", as: user)
            try expectProblem(
                try await api.call("DELETE", "/v1/me", as: user.token, json: #"{"password":"wrong one"}"#),
                401, "invalid_credentials")
            let reply = try await api.call(
                "DELETE", "/v1/me", as: user.token, json: #"{"password":"\#(user.password)"}"#)
            #expect(reply.status == 204)
            let left = FileTree.paths(under: api.directory + "/data/users")
            #expect(left.filter { !FileTree.isDirectory($0) || $0.hasSuffix(user.id) } == [])
            for token in [user.token, other.token] {
                try expectProblem(try await api.call("GET", "/v1/me", as: token), 401, "invalid_token")
            }
            try expectProblem(try await api.logIn(user.name), 401, "invalid_credentials")
        }
        return id
    }

    @Test("the name of a deleted account is free, and its new owner finds an empty database")
    func nameOfDeletedAccount() async throws {
        try await APIFixture.run { api in
            let old = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: old)
            _ = try await api.call("DELETE", "/v1/me", as: old.token, json: #"{"password":"\#(old.password)"}"#)
            let new = try await api.makeUser()
            #expect(new.id != old.id)
            #expect(try await api.rows("SELECT count(*) FROM sqlite_schema", as: new) == json("[[0]]"))
        }
    }

    private func recover(
        _ name: String, _ code: String, _ password: String, more: String = "", in api: APIFixture
    ) async throws -> HTTPReply {
        try await api.call(
            "POST", "/v1/recover",
            json: #"{"username":"\#(name)","recovery_code":"\#(code)","new_password":"\#(password)"\#(more)}"#)
    }
}
