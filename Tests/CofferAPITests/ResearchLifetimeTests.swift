import CofferTesting
import ConnectionPool
import JSON
import SQLCipher
import Testing
import Timekeeping

@testable import CofferAPI
@testable import UserEngines

@Suite("Researches and what outlives what")
struct ResearchLifetimeTests {
    @Test("a research goes on when its user's session expires, and the engine closes when it is done")
    func browserClosed() async throws {
        let time = ManualTime()
        try await APIFixture.run {
            $0.time = time
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let research = try await api.startResearch(as: user)
            for pass in 1...20 {
                for _ in 0..<6 {
                    time.advance(by: .seconds(60))
                    #expect(try await api.work(research, "heartbeat", #"{"progress":\#(pass)}"#).status == 200)
                }
                #expect(await api.reaper.pass().closed == 0)
                #expect(api.engines.census().open == 1, "after \(pass) passes")
            }
            try expectProblem(try await api.call("GET", "/v1/me", as: user.token), 401, "invalid_token")
            #expect(api.accounts.activeSessionCount == 0)
            #expect(try await api.query("INSERT INTO t VALUES (1)", as: research).status == 200)
            #expect(try await api.work(research, "complete").status == 200)
            #expect(api.engines.census().open == 0, "closed before the answer")
            #expect(api.openUserFiles == [])
            #expect(await api.reaper.pass().closed == 0)
        }
    }

    @Test("a silent research keeps the engine until its lease runs out, and then no longer")
    func expiry() async throws {
        let time = ManualTime()
        try await APIFixture.run {
            $0.time = time
        } _: { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(more: #","lease_seconds":3600"#, as: user)
            #expect(try await api.call("DELETE", "/v1/sessions/current", as: user.token).status == 204)
            #expect(api.engines.census().open == 1, "a logout leaves the engine to the research")
            time.advance(by: .seconds(3600) - .nanoseconds(1))
            #expect(await api.reaper.pass().closed == 0)
            time.advance(by: .nanoseconds(1))
            try expectProblem(try await api.work(research, "heartbeat"), 401, "invalid_token")
            try expectProblem(try await api.query("SELECT 1", as: research), 401, "invalid_token")
            #expect(await api.reaper.pass().closed == 1)
            #expect(api.openUserFiles == [])
            let again = try await api.session(of: user.name)
            let record = try await api.record(of: research, as: again)
            #expect(record["state"] == .string("expired"))
            expectTime(record["ended"])
            try expectProblem(try await api.work(research, "complete"), 401, "invalid_token")
            try expectProblem(
                try await api.call("POST", "/v1/research/\(research.id)/cancel", as: again.token), 409,
                "research_ended")
        }
    }

    @Test("an expired research reads so before the reaper has come by, and makes room for another")
    func expiredBeforeThePass() async throws {
        let time = ManualTime()
        try await APIFixture.run {
            $0.time = time
            $0.research.limits.perUser = 1
        } _: { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            time.advance(by: .seconds(120))
            #expect(try await api.record(of: research, as: user)["state"] == .string("expired"))
            let list = try await api.call("GET", "/v1/research?state=expired", as: user.token).json["items"]
            #expect(list?.arrayValue?.count == 1)
            _ = try await api.startResearch(as: user)
        }
    }

    @Test("ending all sessions keeps researches unless asked to end them too")
    func endSessions() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let (first, second) = (try await api.startResearch(as: user), try await api.startResearch(as: user))
            try expectProblem(
                try await api.call("DELETE", "/v1/sessions?research=yes", as: user.token), 400, "invalid_field")
            #expect(try await api.call("DELETE", "/v1/sessions", as: user.token).status == 204)
            #expect(try await api.work(first, "heartbeat").status == 200)
            #expect(try await api.call("DELETE", "/v1/sessions?research=true", as: user.token).status == 204)
            for research in [first, second] {
                try expectProblem(try await api.work(research, "heartbeat"), 401, "invalid_token")
                #expect(try await api.record(of: research, as: user)["state"] == .string("cancelled"))
            }
            #expect(try await api.call("GET", "/v1/me", as: user.token).json["active_research"] == .integer(0))
        }
    }

    @Test("a new password keeps a research; a deleted or disabled account ends it")
    func account() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            let first = try await api.startResearch(as: ada)
            let second = try await api.startResearch(as: eve)
            let change = try await api.call(
                "PUT", "/v1/me/password", as: ada.token,
                json: #"{"current":"\#(ada.password)","new":"quite another"}"#)
            #expect(change.status == 204)
            #expect(try await api.work(first, "heartbeat").status == 200)
            try await api.accounts.setDisabled(true, user: try #require(UserID(eve.id)))
            try expectProblem(try await api.work(second, "heartbeat"), 401, "invalid_token")
            let deletion = try await api.call(
                "DELETE", "/v1/me", as: ada.token, json: #"{"password":"quite another"}"#)
            #expect(deletion.status == 204)
            try expectProblem(try await api.work(first, "heartbeat"), 401, "invalid_token")
            #expect(api.activity.count(of: .research) == 0)
            let left = FileTree.paths(under: api.directory + "/data/users").filter { $0.contains(ada.id) }
            #expect(left == [])
        }
    }

    @Test("a research runs on after a restart, and a record whose lease is gone is mended")
    func restart() async throws {
        let time = ManualTime()
        try await withTemporaryDirectory { directory in
            var (user, running, lost): (APIUser?, APIResearch?, APIResearch?)
            try await APIFixture.run(in: directory.path, { $0.time = time }) { api in
                let ada = try await api.makeUser()
                user = ada
                running = try await api.startResearch("running", as: ada)
                lost = try await api.startResearch("lost", more: #","lease_seconds":10"#, as: ada)
                _ = try await api.work(try #require(running), "heartbeat", #"{"progress":10}"#)
            }
            time.advance(by: .seconds(60))
            try await APIFixture.run(in: directory.path, { $0.time = time }) { api in
                let (ada, research) = (try #require(user), try #require(running))
                #expect(api.activity.count(of: .research) == 1)
                #expect(api.engines.census().open == 0, "a restart opens nothing by itself")
                #expect(try await api.query("SELECT 1", as: research).status == 200)
                #expect(try await api.work(research, "heartbeat", #"{"progress":20}"#).status == 200)
                try expectProblem(try await api.work(try #require(lost), "heartbeat"), 401, "invalid_token")
                let mended = try await api.record(of: try #require(lost), as: ada)
                #expect(mended["state"] == .string("expired"))
                #expect(mended["ended"] == .string("2026-01-01T00:00:10.000Z"), "when its lease ran out")
                #expect(try await api.work(research, "complete", #"{"result":[1,2]}"#).status == 200)
                #expect(try await api.record(of: research, as: ada)["result"] == json("[1,2]"))
            }
        }
    }

    @Test("a worker whose answer got lost may complete again, and a session may not")
    func repeatedEnd() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            // As after a crash between the record and the end of the lease.
            try await api.onService(of: user) {
                try $0.execute("UPDATE researches SET state = 'completed', result = '7', ended = 1")
            }
            try expectProblem(
                try await api.call("POST", "/v1/research/\(research.id)/cancel", as: research.token), 409,
                "research_ended")
            #expect(api.activity.count(of: .research) == 0, "the lease that was left is gone")

            let other = try await api.startResearch(as: user)
            try await api.onService(of: user) {
                try $0.execute("UPDATE researches SET state = 'completed', result = '7', ended = 1")
            }
            let reply = try await api.work(other, "complete", #"{"result":8}"#)
            #expect(reply.status == 200)
            #expect(try reply.json["result"] == .integer(7), "what was acknowledged first stays")
            try expectProblem(try await api.work(other, "complete"), 401, "invalid_token")
        }
    }

    @Test("a worker that goes on with a research which has ended ends what was left of its lease")
    func goesOn() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let item = #"{"items":[{"kind":"k","title":"t","content":"c"}]}"#
            for (action, body) in [("heartbeat", "{}"), ("findings", item)] {
                let research = try await api.startResearch(as: user)
                // As after a crash between the record and the end of the lease.
                try await api.onService(of: user) {
                    try $0.execute("UPDATE researches SET state = 'cancelled', ended = 1 WHERE state = 'running'")
                }
                try expectProblem(try await api.work(research, action, body), 409, "research_ended")
                #expect(api.activity.count(of: .research) == 0)
                try expectProblem(try await api.query("SELECT 1", as: research), 401, "invalid_token")
            }
        }
    }

    @Test("operators see whose researches keep a database open")
    func administration() async throws {
        let admin = "an operator's token"
        try await APIFixture.run {
            $0.access.adminToken = try AdminToken(Array(admin.utf8))
        } _: { api in
            let user = try await api.makeUser()
            for _ in 0..<2 { _ = try await api.startResearch(as: user) }
            _ = try await api.call("DELETE", "/v1/sessions/current", as: user.token)
            let list = try await api.call("GET", "/v1/admin/engines", as: admin).json["items"]?.arrayValue
            let engine = try #require(list?.first)
            #expect(engine["user"] == .string(user.id))
            #expect(engine["active"] == .bool(true))
            #expect(engine["active_research"] == .integer(2))
            #expect(engine["service"] == json(#"{"idle":1,"leased":0,"waiting":0}"#))
            let metrics = try await api.call("GET", "/metrics").text
            #expect(metrics.contains("\ncoffer_research_active 2\n"))
            #expect(metrics.contains(#"coffer_connections{pool_role="service",state="idle"} 1"#))
        }
    }

    @Test("records from a newer server are refused, and the user's own database goes on")
    func newerRecords() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            _ = try await api.startResearch(as: user)
            try await api.onService(of: user) { try $0.execute("PRAGMA user_version = 99") }
            #expect(await api.engines.forceClose(try #require(UserID(user.id)), reason: .admin))
            for _ in 0..<2 {
                try expectProblem(
                    try await api.call("GET", "/v1/research", as: user.token), 503, "engine_unavailable")
            }
            try await api.rows("SELECT 1", as: user)
            let cause = PoolError.openFailed(SchemaError.newer(found: 99, supported: 1))
            #expect(CofferAPI.logText(for: cause)?.contains("schema version 99") == true)
        }
    }

    @Test("what must have the files to itself is refused while a research runs, and lets none start meanwhile")
    func exclusion() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let id = try #require(UserID(user.id))
            let research = try await api.startResearch(as: user)
            await #expect(throws: (any Error).self) { try await api.researches.withoutResearch(of: id) {} }
            _ = try await api.work(research, "complete")
            let gate = Gate()
            let work = Task { try await api.researches.withoutResearch(of: id) { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let start = Task { try await api.startResearch(as: user) }
            try await eventually { api.locks.researchAdmission.waiterCount(id) == 1 }
            #expect(api.activity.count(of: .research) == 0)
            gate.open()
            try await work.value
            _ = try await start.value
        }
    }
}
