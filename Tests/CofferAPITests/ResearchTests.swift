import CofferTesting
import Glibc
import JSON
import Testing
import Timekeeping

@testable import UserEngines

@Suite("Researches over HTTP")
struct ResearchTests {
    @Test("a research runs from its start to its end, and its user reads what came of it")
    func life() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch("Tides", more: #","query":"why twice a day?""#, as: user)
            let started = try await api.record(of: research, as: user)
            #expect(started["title"] == .string("Tides"))
            #expect(started["query"] == .string("why twice a day?"))
            #expect(started["state"] == .string("running"))
            #expect(started["progress"] == .integer(0))
            #expect(started["ended"] == .null)
            expectTime(started["created"])
            expectTime(started["lease_expires_at"])

            let heartbeat = try await api.work(research, "heartbeat", #"{"progress":40,"message":"reading"}"#)
            #expect(heartbeat.status == 200)
            #expect(try heartbeat.json["progress"] == .integer(40))
            #expect(try heartbeat.json["message"] == .string("reading"))
            let found = try await api.work(
                research, "findings",
                #"{"items":[{"kind":"page","title":"The Moon","url":"http://m","content":"it pulls","data":{"a":[1]}}]}"#
            )
            #expect(found.status == 201)
            let end = try await api.work(research, "complete", #"{"result":{"answer":"two bulges"}}"#)
            #expect(end.status == 200)

            let record = try await api.record(of: research, as: user)
            #expect(record["state"] == .string("completed"))
            #expect(record["result"] == json(#"{"answer":"two bulges"}"#))
            #expect(record["findings"] == .integer(1))
            #expect(record["lease_expires_at"] == .null)
            expectTime(record["ended"])
            let findings = try await api.call("GET", "/v1/research/\(research.id)/findings", as: user.token).json
            let finding = try #require(findings["items"]?.arrayValue?.first)
            #expect(finding["kind"] == .string("page"))
            #expect(finding["title"] == .string("The Moon"))
            #expect(finding["url"] == .string("http://m"))
            #expect(finding["content"] == .string("it pulls"))
            #expect(finding["data"] == json(#"{"a":[1]}"#))
            #expect(finding["research_id"] == .string(research.id))
            #expect(findings["next_cursor"] == .null)
        }
    }

    @Test("the token of a research works for its calls and for SQL until it ends, and then for nothing")
    func token() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let research = try await api.startResearch(as: user)
            #expect(research.token.hasPrefix("cof_r_"))
            #expect(try await api.query("INSERT INTO t VALUES (1)", as: research).status == 200)
            let batch = try await api.call(
                "POST", "/v1/query/batch", as: research.token, json: #"{"statements":[{"sql":"SELECT v FROM t"}]}"#)
            #expect(batch.status == 200)
            #expect(try await api.call("GET", "/v1/research/\(research.id)", as: research.token).status == 200)
            #expect(try await api.call("GET", "/v1/research/search?q=x", as: research.token).status == 200)
            #expect(try await api.work(research, "complete").status == 200)
            for (method, path) in [
                ("GET", "/v1/research/\(research.id)"), ("GET", "/v1/research/search?q=x"),
                ("POST", "/v1/research/\(research.id)/heartbeat"), ("POST", "/v1/research/\(research.id)/complete"),
            ] {
                try expectProblem(try await api.call(method, path, as: research.token), 401, "invalid_token")
            }
            try expectProblem(try await api.query("SELECT 1", as: research), 401, "invalid_token")
        }
    }

    @Test("the token of a running research is refused by everything else")
    func tokenElsewhere() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            for (method, path, body) in [
                ("GET", "/v1/me", nil), ("GET", "/v1/sessions", nil), ("DELETE", "/v1/sessions", nil),
                ("DELETE", "/v1/sessions/current", nil), ("GET", "/v1/research", nil),
                ("POST", "/v1/research", #"{"title":"another"}"#), ("DELETE", "/v1/me", #"{"password":"x"}"#),
                ("PUT", "/v1/me/password", #"{"current":"x","new":"y"}"#),
            ] {
                try expectProblem(
                    try await api.call(method, path, as: research.token, json: body), 403, "not_authorized")
            }
        }
    }

    @Test("a research is found by its user alone; another research's token and a session are told what they may not")
    func strangers() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            let research = try await api.startResearch(as: ada)
            let other = try await api.startResearch(as: ada)
            let foreign = try await api.startResearch(as: eve)
            let path = "/v1/research/\(research.id)"
            let items = #"{"items":[{"kind":"k","title":"t","content":"c"}]}"#
            let calls = [
                ("GET", path, nil), ("GET", path + "/findings", nil), ("POST", path + "/heartbeat", "{}"),
                ("POST", path + "/findings", items), ("POST", path + "/complete", "{}"),
                ("POST", path + "/fail", #"{"error":"x"}"#), ("POST", path + "/cancel", nil),
            ]
            for (method, path, body) in calls {
                try expectProblem(try await api.call(method, path, as: eve.token, json: body), 404, "not_found")
                try expectProblem(try await api.call(method, path, as: foreign.token, json: body), 404, "not_found")
                try expectProblem(try await api.call(method, path, as: other.token, json: body), 403, "not_authorized")
                try expectProblem(try await api.call(method, path, json: body), 401, "invalid_token")
            }
            for action in ["heartbeat", "findings", "complete", "fail"] {
                let body = ["findings": items, "fail": #"{"error":"x"}"#][action] ?? "{}"
                try expectProblem(
                    try await api.call("POST", path + "/" + action, as: ada.token, json: body), 403, "not_authorized")
            }
            for id in ["0123456789abcdef0123456789abcdef", "x", "%2F"] {
                try expectProblem(
                    try await api.call("GET", "/v1/research/\(id)", as: ada.token), 404, "not_found")
            }
            #expect(try await api.record(of: research, as: ada)["state"] == .string("running"))
        }
    }

    @Test("a session cancels a research, and a finished one cannot end again")
    func cancel() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let path = "/v1/research/\(research.id)/cancel"
            #expect(try await api.call("POST", path, as: user.token).json["state"] == .string("cancelled"))
            try expectProblem(try await api.work(research, "heartbeat"), 401, "invalid_token")
            try expectProblem(try await api.call("POST", path, as: user.token), 409, "research_ended")

            let failed = try await api.startResearch(as: user)
            let reply = try await api.work(failed, "fail", #"{"error":"no network"}"#)
            #expect(try reply.json["state"] == .string("failed"))
            #expect(try reply.json["error"] == .string("no network"))
        }
    }
}

@Suite("The limits of researches over HTTP")
struct ResearchLimitTests {
    @Test("of two simultaneous starts at the limit one begins, and the other is told when to come again")
    func simultaneous() async throws {
        try await APIFixture.run {
            $0.research.limits.perUser = 1
        } _: { api in
            let user = try await api.makeUser()
            for _ in 0..<5 {
                let replies = try await withThrowingTaskGroup(of: HTTPReply.self) { group in
                    for _ in 0..<2 {
                        group.addTask {
                            let client = try HTTPClient(port: api.server.port)
                            let reply = try await client.call(
                                "POST", "/v1/research", as: user.token, json: #"{"title":"t"}"#)
                            await client.close()
                            return reply
                        }
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(replies.map(\.status).sorted() == [201, 429])
                let refusal = try #require(replies.first { $0.status == 429 })
                try expectProblem(refusal, 429, "research_limit")
                let begun = try #require(try replies.first { $0.status == 201 }?.json["id"]?.stringValue)
                #expect(try await api.call("GET", "/v1/me", as: user.token).json["active_research"] == .integer(1))
                #expect(try await api.call("POST", "/v1/research/\(begun)/cancel", as: user.token).status == 200)
            }
            let records = try await api.call("GET", "/v1/research", as: user.token).json["items"]?.arrayValue
            #expect(records?.count == 5, "a start that was refused leaves no record")
        }
    }

    @Test("the limit in total counts every user's researches")
    func total() async throws {
        try await APIFixture.run {
            $0.research.limits.total = 2
        } _: { api in
            let (ada, eve) = (try await api.makeUser("ada"), try await api.makeUser("eve"))
            let first = try await api.startResearch(as: ada)
            _ = try await api.startResearch(as: eve)
            try expectProblem(
                try await api.call("POST", "/v1/research", as: eve.token, json: #"{"title":"t"}"#), 429,
                "research_limit")
            _ = try await api.work(first, "complete")
            _ = try await api.startResearch(as: eve)
        }
    }

    @Test("a start whose record cannot be written does not count")
    func failedStart() async throws {
        try await APIFixture.run {
            $0.research.limits.perUser = 1
        } _: { api in
            let user = try await api.makeUser()
            let path = api.engines.files.servicePath(of: try #require(UserID(user.id)))
            FileTree.makeDirectory(path)
            try expectProblem(
                try await api.call("POST", "/v1/research", as: user.token, json: #"{"title":"t"}"#), 503,
                "engine_unavailable")
            #expect(api.activity.count(of: .research) == 0)
            #expect(rmdir(path) == 0)
            _ = try await api.startResearch(as: user)
        }
    }

    @Test("a value that is out of bounds is refused by name, and changes nothing")
    func bounds() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for body in [
                "{}", #"{"title":""}"#, #"{"title":1}"#, #"{"title":"t","lease_seconds":0}"#,
                #"{"title":"t","lease_seconds":3601}"#, #"{"title":"t","lease_seconds":1.5}"#, #"{"title":"t","x":1}"#,
            ] {
                try expectProblem(
                    try await api.call("POST", "/v1/research", as: user.token, json: body), 400, "invalid_field")
            }
            let research = try await api.startResearch(as: user)
            _ = try await api.work(research, "heartbeat", #"{"progress":50}"#)
            for body in [
                #"{"progress":101}"#, #"{"progress":-1}"#, #"{"progress":100.01}"#, #"{"progress":"60"}"#,
                #"{"message":"\#(String(repeating: "x", count: 2001))"}"#,
            ] {
                try expectProblem(try await api.work(research, "heartbeat", body), 400, "invalid_field")
            }
            try expectProblem(try await api.work(research, "fail", "{}"), 400, "invalid_field")
            try expectProblem(
                try await api.call("GET", "/v1/research?state=gone", as: user.token), 400, "invalid_field")
            let record = try await api.record(of: research, as: user)
            #expect(record["progress"] == .integer(50))
            #expect(record["state"] == .string("running"))
        }
    }

    @Test("progress never goes back, and a message stays until the next")
    func progress() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            _ = try await api.work(research, "heartbeat", #"{"progress":50,"message":"half"}"#)
            let lower = try await api.work(research, "heartbeat", #"{"progress":20.7}"#).json
            #expect(lower["progress"] == .integer(50))
            #expect(lower["message"] == .string("half"))
            #expect(try await api.work(research, "heartbeat").json["progress"] == .integer(50))
            #expect(try await api.work(research, "heartbeat", #"{"progress":99.9}"#).json["progress"] == .integer(99))
        }
    }

    @Test("the list has the latest first, by state, in parts")
    func list() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for number in 1...3 {
                let research = try await api.startResearch("\(number)", as: user)
                if number < 3 { _ = try await api.work(research, number == 1 ? "complete" : "cancel") }
            }
            func titles(_ query: String) async throws -> ([String], String?) {
                let page = try await api.call("GET", "/v1/research" + query, as: user.token).json
                let titles = (page["items"]?.arrayValue ?? []).compactMap { $0["title"]?.stringValue }
                return (titles, page["next_cursor"]?.stringValue)
            }
            #expect(try await titles("") == (["3", "2", "1"], nil))
            #expect(try await titles("?state=cancelled").0 == ["2"])
            #expect(try await titles("?state=running").0 == ["3"])
            let (first, cursor) = try await titles("?limit=2")
            #expect(first == ["3", "2"])
            #expect(try await titles("?limit=2&cursor=\(try #require(cursor))") == (["1"], nil))
        }
    }
}
