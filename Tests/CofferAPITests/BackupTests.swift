import Backups
import CofferTesting
import JSON
import Testing
import UserEngines

@testable import CofferAPI

@Suite("Backups over HTTP")
struct BackupTests {
    @Test("a backup is made, listed, described, verified, restored and deleted")
    func life() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: ada)
            let made = try await api.call("POST", "/v1/backups", as: ada.token, json: #"{"label":"before"}"#)
            #expect(made.status == 201, "\(made)")
            let backup = try made.json
            let id = try #require(backup["id"]?.stringValue)
            #expect(backup["state"] == .string("complete"))
            #expect(backup["kind"] == .string("manual"))
            #expect(backup["label"] == .string("before"))
            #expect(try #require(backup["bytes"]?.integerValue) > 0)
            expectTime(backup["created"])
            let list = try await api.call("GET", "/v1/backups", as: ada.token).json
            #expect(list["items"] == .array([backup]))
            #expect(list["next_cursor"] == .null)
            for (method, path) in [("GET", ""), ("POST", "/verify")] {
                let described = try await api.call(method, "/v1/backups/\(id)\(path)", as: ada.token).json
                #expect(described == backup)
            }
            #expect(try await api.call("GET", "/v1/me", as: ada.token).json["backups"] == .integer(1))
            try await api.rows("INSERT INTO t VALUES (1)", as: ada)
            let restored = try await api.call("POST", "/v1/backups/\(id)/restore", as: ada.token)
            #expect(restored.status == 200, "\(restored)")
            #expect(try restored.json["restored"] == .string(id))
            #expect(try restored.json["safety_backup"]?["kind"] == .string("safety"))
            #expect(try await api.rows("SELECT count(*) FROM t", as: ada) == json("[[0]]"))
            #expect(try await api.call("DELETE", "/v1/backups/\(id)", as: ada.token).status == 204)
            for (method, path) in [
                ("GET", ""), ("GET", "/content"), ("POST", "/verify"), ("POST", "/restore"), ("DELETE", ""),
            ] {
                try expectProblem(
                    try await api.call(method, "/v1/backups/\(id)\(path)", as: ada.token), 404, "not_found")
            }
            try expectProblem(try await api.call("GET", "/v1/backups/nonsense", as: ada.token), 404, "not_found")
        }
    }

    @Test("who listens to a backup is told of its progress and its end, also when it is over")
    func events() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: ada)
            try await api.rows("INSERT INTO t VALUES (zeroblob(4000000))", as: ada)
            let begun = try await api.call("POST", "/v1/backups", as: ada.token, headers: [("Prefer", "respond-async")])
            let id = try #require(try begun.json["id"]?.stringValue)
            let events = ReceivedEvent.read(try await api.call("GET", "/v1/backups/\(id)/events", as: ada.token).text)
            #expect(events.first?.retry == "3000")
            #expect(events.last?.kind == "done")
            #expect(json(events.last?.data ?? "")["id"] == .string(id))
            for event in events.dropFirst().dropLast() {
                #expect(event.kind == "progress")
                #expect(json(event.data ?? "")["pages_total"]?.integerValue != nil)
            }
            let after = try await api.call("GET", "/v1/backups/\(id)/events", as: ada.token)
            #expect(after.header("Content-Type") == "text/event-stream")
            #expect(ReceivedEvent.read(after.text).map(\.kind) == [nil, "done"])
            try expectProblem(
                try await api.call("GET", "/v1/backups/nonsense/events", as: ada.token), 404, "not_found")
        }
    }

    @Test("with Prefer: respond-async the answer comes at once, and says where the progress is")
    func asynchronous() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            let reply = try await api.call(
                "POST", "/v1/backups", as: ada.token, headers: [("Prefer", "wait=1, Respond-Async")])
            #expect(reply.status == 202, "\(reply)")
            #expect(try reply.json["state"] == .string("running"))
            #expect(reply.header("Preference-Applied") == "respond-async")
            let place = try #require(reply.header("Location"))
            #expect(place == "/v1/backups/\(try reply.json["id"]?.stringValue ?? "")")
            try await eventually {
                try await api.call("GET", place, as: ada.token).json["state"] == .string("complete")
            }
        }
    }

    @Test("one that fails says why when it is asked for, and goes when it is deleted")
    func failure() async throws {
        try await APIFixture.run {
            $0.backups.userDiskBytes = 1
        } _: { api in
            let ada = try await api.makeUser()
            let problem = try expectProblem(
                try await api.call("POST", "/v1/backups", as: ada.token), 507, "disk_full")
            #expect(problem["limit_bytes"] == .integer(1))
            let reply = try await api.call("POST", "/v1/backups", as: ada.token, headers: [("Prefer", "respond-async")])
            let place = try #require(reply.header("Location"))
            try await eventually {
                try await api.call("GET", place, as: ada.token).json["state"] == .string("failed")
            }
            #expect(try await api.call("GET", place, as: ada.token).json["code"] == .string("disk_full"))
            #expect(try await api.call("DELETE", place, as: ada.token).status == 204)
            try expectProblem(try await api.call("GET", place, as: ada.token), 404, "not_found")
        }
    }

    @Test("the content is the ciphertext as it is stored, whole or in part")
    func content() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: ada)
            let id = try #require(try await api.call("POST", "/v1/backups", as: ada.token).json["id"]?.stringValue)
            let path = "/v1/backups/\(id)/content"
            let file = try #require(
                FileTree.paths(under: api.directory).first { $0.contains("/backups/") && $0.hasSuffix("-\(id).db") })
            let bytes = FileContent.bytes(of: file)
            func get(_ headers: (String, String)...) async throws -> HTTPReply {
                try await api.call("GET", path, as: ada.token, headers: headers)
            }
            let whole = try await get()
            #expect(whole.status == 200)
            #expect(whole.body == bytes)
            let tag = try #require(whole.header("ETag"))
            #expect(whole.header("Accept-Ranges") == "bytes")
            #expect(whole.header("Content-Type") == "application/octet-stream")
            let head = try await api.call("HEAD", path, as: ada.token)
            #expect(head.status == 200)
            #expect(head.header("Content-Length") == "\(bytes.count)")
            for range in ["bytes=100-199", "bytes=\(bytes.count)-"] {
                let head = try await api.call("HEAD", path, as: ada.token, headers: [("Range", range)])
                #expect(head.status == 200, "only GET knows ranges")
                #expect(head.header("Content-Length") == "\(bytes.count)")
            }
            let part = try await get(("Range", "bytes=100-199"))
            #expect(part.status == 206)
            #expect(part.body == Array(bytes[100..<200]))
            #expect(part.header("Content-Range") == "bytes 100-199/\(bytes.count)")
            #expect(try await get(("Range", "bytes=-10")).body == Array(bytes.suffix(10)))
            #expect(try await get(("Range", "bytes=4096-"), ("If-Range", tag)).body == Array(bytes[4096...]))
            #expect(try await get(("Range", "bytes=4096-"), ("If-Range", #""other""#)).body == bytes)
            #expect(try await get(("Range", "bytes=0-1,5-6")).status == 200)
            let beyond = try await get(("Range", "bytes=\(bytes.count)-"))
            try expectProblem(beyond, 416, "range_not_satisfiable")
            #expect(beyond.header("Content-Range") == "bytes */\(bytes.count)")
            let unchanged = try await get(("If-None-Match", tag))
            #expect(unchanged.status == 304)
            #expect(unchanged.body == [])
            #expect(try await get().status == 200, "the connection goes on after a 304")
        }
    }

    @Test(
        "a range is what RFC 9110 says",
        arguments: [
            ("bytes=0-0", ByteRange.part(0..<1)), ("bytes=0-", .part(0..<10)), ("bytes=9-99", .part(9..<10)),
            ("bytes=-3", .part(7..<10)), ("bytes=-99", .part(0..<10)), ("Bytes=2-3", .part(2..<4)),
            ("bytes=10-", .unsatisfiable), ("bytes=-0", .unsatisfiable),
            ("bytes=99999999999999999999-", .unsatisfiable),
            ("bytes=0-99999999999999999999", .part(0..<10)), ("bytes=0-9223372036854775807", .part(0..<10)),
            ("bytes=-9223372036854775807", .part(0..<10)), ("bytes=9223372036854775807-", .unsatisfiable),
            ("bytes=3-2", .whole), ("bytes=-", .whole),
            ("bytes=a-b", .whole), ("bytes=0-1,3-4", .whole), ("items=0-1", .whole), ("bytes", .whole), ("", .whole),
        ])
    func ranges(field: String, expected: ByteRange) {
        #expect(ByteRange.parse(field, size: 10) == expected)
    }

    @Test("a damaged backup is named as such by verification and restore")
    func damage() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: ada)
            let id = try #require(try await api.call("POST", "/v1/backups", as: ada.token).json["id"]?.stringValue)
            let file = try #require(FileTree.paths(under: api.directory).first { $0.hasSuffix("-\(id).db") })
            var bytes = FileContent.bytes(of: file)
            bytes[bytes.count / 2] ^= 1
            FileContent.write(bytes, to: file)
            for action in ["verify", "restore"] {
                let problem = try expectProblem(
                    try await api.call("POST", "/v1/backups/\(id)/\(action)", as: ada.token), 422, "invalid_database")
                #expect(try #require(problem["problems"]?.arrayValue).count > 0)
            }
            FileTree.removeFile(file)
            let content = try await api.call(
                "GET", "/v1/backups/\(id)/content", as: ada.token, headers: [("If-None-Match", "*")])
            try expectProblem(content, 404, "not_found")
            #expect(try await api.call("GET", "/v1/backups/\(id)", as: ada.token).json["state"] == .string("missing"))
            #expect(try await api.call("DELETE", "/v1/backups/\(id)", as: ada.token).status == 204)
        }
    }

    @Test("a research keeps its database from being replaced, and its token opens no backup")
    func research() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            let id = try #require(try await api.call("POST", "/v1/backups", as: ada.token).json["id"]?.stringValue)
            let research = try await api.startResearch(as: ada)
            try expectProblem(
                try await api.call("POST", "/v1/backups/\(id)/restore", as: ada.token), 409, "research_active")
            try expectProblem(try await rotate(api, ada), 409, "research_active")
            for (method, path) in [("POST", ""), ("GET", ""), ("GET", "/\(id)/content"), ("POST", "/\(id)/restore")] {
                try expectProblem(
                    try await api.call(method, "/v1/backups\(path)", as: research.token), 403, "not_authorized")
            }
            #expect(try await api.work(research, "complete").status == 200)
            #expect(try await api.call("POST", "/v1/backups/\(id)/restore", as: ada.token).status == 200)
            #expect(try await rotate(api, ada).status == 204)
            #expect(try await api.record(of: research, as: ada)["state"] == .string("completed"))
        }
    }

    @Test("changing the key needs the password, and backups from before come back")
    func rotation() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            let other = try await api.session(of: ada.name)
            try await api.rows("CREATE TABLE t(v)", as: ada)
            let id = try #require(try await api.call("POST", "/v1/backups", as: ada.token).json["id"]?.stringValue)
            try expectProblem(
                try await api.call("POST", "/v1/me/rotate-key", as: ada.token, json: #"{"password":"wrong one"}"#), 401,
                "invalid_credentials")
            #expect(try await rotate(api, ada).status == 204)
            try await api.rows("INSERT INTO t VALUES (1)", as: other)
            #expect(try await api.call("POST", "/v1/backups/\(id)/verify", as: other.token).status == 200)
            #expect(try await api.call("POST", "/v1/backups/\(id)/restore", as: other.token).status == 200)
            #expect(try await api.rows("SELECT count(*) FROM t", as: ada) == json("[[0]]"))
        }
    }

    @Test("a label has 1 to 200 bytes, and parts are known ones")
    func fields() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            for label in ["", String(repeating: "x", count: 201)] {
                try expectProblem(
                    try await api.call("POST", "/v1/backups", as: ada.token, json: #"{"label":"\#(label)"}"#), 400,
                    "invalid_field")
            }
            try expectProblem(
                try await api.call("POST", "/v1/backups/\(ada.id)/restore?parts=some", as: ada.token), 400,
                "invalid_field")
        }
    }

    @Test("a label too many is refused, and the reply says how many there may be")
    func labels() async throws {
        try await APIFixture.run({ $0.backups.labelledLimit = 1 }) { api in
            let ada = try await api.makeUser()
            let body = #"{"label":"kept"}"#
            #expect(try await api.call("POST", "/v1/backups", as: ada.token, json: body).status == 201)
            let refused = try await api.call("POST", "/v1/backups", as: ada.token, json: body)
            try expectProblem(refused, 409, "backup_limit")
            #expect(try refused.json["limit"]?.integerValue == 1)
        }
    }

    @Test("with an account its backups go")
    func deletion() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            _ = try await api.call("POST", "/v1/backups", as: ada.token)
            let reply = try await api.call(
                "DELETE", "/v1/me", as: ada.token, json: #"{"password":"\#(ada.password)"}"#)
            #expect(reply.status == 204)
            #expect(FileTree.paths(under: api.directory + "/data/users").filter { $0.contains(ada.id) } == [])
        }
    }

    private func rotate(_ api: APIFixture, _ user: APIUser) async throws -> HTTPReply {
        try await api.call("POST", "/v1/me/rotate-key", as: user.token, json: #"{"password":"\#(user.password)"}"#)
    }
}
