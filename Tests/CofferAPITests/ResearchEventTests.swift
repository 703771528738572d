import Accounts
import CofferTesting
import JSON
import Research
import Testing
import Timekeeping

@testable import UserEngines

@Suite("Events of researches over HTTP")
struct ResearchEventTests {
    private func withListener(
        to research: APIResearch, of api: APIFixture, as token: String, after lastSeen: String? = nil,
        _ body: (HTTPClient, HTTPReply) async throws -> Void
    ) async throws {
        let client = try HTTPClient(port: api.server.port)
        do {
            try await body(client, try await client.listen(to: research, as: token, after: lastSeen))
        } catch {
            await client.close()
            throw error
        }
        await client.close()
    }

    private func metric(_ line: String, of api: APIFixture) async throws -> Bool {
        try await api.call("GET", "/metrics").text.split(separator: "\n").contains { $0 == line }
    }

    @Test("a listener is told of progress, messages, findings and the end, and can come back to nothing")
    func life() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            try await withListener(to: research, of: api, as: user.token) { listener, head in
                #expect(head.status == 200)
                #expect(head.header("Content-Type") == "text/event-stream")
                #expect(head.header("Cache-Control") == "no-store")
                let opening = try await listener.events { $0.retry != nil }
                #expect(opening.map(\.retry) == ["3000"])
                #expect(opening[0].id?.hasSuffix("-0") == true && opening[0].data == nil)
                #expect(try await metric("coffer_research_listeners 1", of: api))

                _ = try await api.work(research, "heartbeat", #"{"progress":40,"message":"two\nlines"}"#)
                _ = try await api.work(research, "heartbeat", #"{"progress":30}"#)
                let title = String(repeating: "é", count: 300)
                let item = #"{"kind":"page","title":"\#(title)","content":"c","key":"1"}"#
                for _ in 0..<2 { _ = try await api.work(research, "findings", #"{"items":[\#(item)]}"#) }
                _ = try await api.work(research, "complete")
                let events = try await listener.events { _ in false }
                #expect(events.map(\.kind) == ["progress", "message", "finding", "state"])
                #expect(events[0].data == #"{"progress":40}"#)
                #expect(events[1].data == #"{"message":"two\nlines"}"#)
                let finding = json(events[2].data ?? "")
                #expect(finding["title"] == .string(String(repeating: "é", count: 100)))
                #expect(finding["kind"] == .string("page"))
                #expect(events[3].data == #"{"state":"completed"}"#)
                let epoch = opening[0].id?.dropLast(1) ?? ""
                #expect(events.map(\.id) == ["\(epoch)1", "\(epoch)2", "\(epoch)3", "ended-1"])
                // The connection lives on.
                #expect(try await listener.listen(to: research, as: user.token, after: "ended-1").status == 204)
            }
            try await eventually { try await metric("coffer_research_listeners 0", of: api) }
        }
    }

    @Test("a listener that comes back gets what it missed, and one that cannot is told to read again")
    func resume() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            for progress in 1...3 { _ = try await api.work(research, "heartbeat", #"{"progress":\#(progress)}"#) }
            var opening = ""
            try await withListener(to: research, of: api, as: research.token) { listener, _ in
                opening = try await listener.events { $0.id != nil }.first?.id ?? ""
            }
            let epoch = try #require(EventID(opening)).epoch
            #expect(opening == "\(epoch)-3")
            try await withListener(to: research, of: api, as: user.token, after: "\(epoch)-1") { listener, _ in
                let events = try await listener.events { $0.id == opening && $0.data != nil }
                #expect(events.compactMap(\.data) == [#"{"progress":2}"#, #"{"progress":3}"#])
            }
            try await withListener(to: research, of: api, as: user.token, after: "0-7") { listener, _ in
                let events = try await listener.events { $0.kind != nil }
                #expect(events.last == ReceivedEvent(id: opening, kind: "reset", data: "{}"))
            }
        }
    }

    @Test("of a research that has ended a listener gets its state, after a reset if it had seen others, and the end")
    func ended() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            _ = try await api.work(research, "fail", #"{"error":"no network"}"#)
            let state = ReceivedEvent(id: "ended-1", kind: "state", data: #"{"state":"failed"}"#)
            let reset = ReceivedEvent(id: "ended-0", kind: "reset", data: "{}")
            for (lastSeen, expected) in [(nil, [state]), ("0-7", [reset, state]), ("ended-0", [state])] {
                let headers = lastSeen.map { [("Last-Event-ID", $0)] } ?? []
                let reply = try await api.call(
                    "GET", "/v1/research/\(research.id)/events", as: user.token, headers: headers)
                #expect(reply.header("Content-Type") == "text/event-stream")
                #expect(Array(ReceivedEvent.read(reply.text).dropFirst()) == expected)
            }
        }
    }

    @Test("what is wrong is refused before the stream begins, and HEAD begins none")
    func refused() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            let research = try await api.startResearch(as: ada)
            let other = try await api.startResearch(as: ada)
            let path = "/v1/research/\(research.id)/events"
            for lastSeen in ["1", "A-1", "a-b", "a-1-1", "a-99999999999999999999"] {
                let headers = [("Last-Event-ID", lastSeen)]
                let problem = try expectProblem(
                    try await api.call("GET", path, as: ada.token, headers: headers), 400, "invalid_field")
                #expect(problem["field"] == .string("Last-Event-ID"))
            }
            try expectProblem(try await api.call("GET", path), 401, "invalid_token")
            try expectProblem(try await api.call("GET", path, as: eve.token), 404, "not_found")
            try expectProblem(try await api.call("GET", path, as: other.token), 403, "not_authorized")
            try expectProblem(
                try await api.call("GET", "/v1/research/x/events", as: ada.token), 404, "not_found")
            let client = try HTTPClient(port: api.server.port)
            let head = try await client.call("HEAD", path, as: ada.token)
            await client.close()
            #expect(head.status == 200 && head.header("Content-Type") == "text/event-stream")
            #expect(api.researches.events.listenerCount == 0)
        }
    }

    @Test("the stream ends with the session that it was asked for by, and with no other one")
    func logOut() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let other = try await api.session(of: user.name)
            let research = try await api.startResearch(as: user)
            try await withListener(to: research, of: api, as: user.token) { listener, _ in
                try await withListener(to: research, of: api, as: research.token) { worker, _ in
                    _ = try await listener.events { $0.retry != nil }
                    _ = try await worker.events { $0.retry != nil }
                    #expect(try await api.call("DELETE", "/v1/sessions/current", as: other.token).status == 204)
                    #expect(api.researches.events.listenerCount == 2)
                    #expect(try await api.call("DELETE", "/v1/sessions/current", as: user.token).status == 204)
                    #expect(try await listener.events { _ in false } == [])
                    let dropped = #"coffer_research_listeners_dropped_total{reason="session_ended"} 1"#
                    #expect(try await metric(dropped, of: api))
                    _ = try await api.work(research, "cancel")
                    #expect(try await worker.events { _ in false }.map(\.data) == [#"{"state":"cancelled"}"#])
                }
            }
        }
    }

    @Test("a mere listener keeps neither the engine open nor the research alive, and hears that it expired")
    func mereListener() async throws {
        let time = ManualTime()
        try await APIFixture.run {
            $0.time = time
        } _: { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            try await withListener(to: research, of: api, as: user.token) { listener, _ in
                _ = try await listener.events { $0.retry != nil }
                time.advance(by: .seconds(3600))
                _ = await api.reaper.pass()
                #expect(api.openUserFiles == [])
                #expect(try await listener.events { _ in false }.map(\.data) == [#"{"state":"expired"}"#])
            }
        }
    }

    @Test("a research's own token dies with it, and yet its listener hears of the end", arguments: [true, false])
    func ownToken(expires: Bool) async throws {
        let time = ManualTime()
        try await APIFixture.run {
            $0.time = time
        } _: { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            try await withListener(to: research, of: api, as: research.token) { worker, _ in
                _ = try await worker.events { $0.retry != nil }
                if expires {
                    time.advance(by: .seconds(3600))
                    api.researches.events.dropUnentitled()
                    _ = await api.reaper.pass()
                } else {
                    try await api.accounts.setDisabled(true, user: try #require(UserID(user.id)))
                }
                #expect(try await worker.events { _ in false }.map(\.data) == [#"{"state":"expired"}"#])
            }
        }
    }

    @Test("a client that goes away is noticed although no event comes")
    func clientGone() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            try await withListener(to: research, of: api, as: user.token) { listener, _ in
                _ = try await listener.events { $0.retry != nil }
                #expect(api.researches.events.listenerCount == 1)
            }
            try await eventually { api.researches.events.listenerCount == 0 }
        }
    }

    @Test("a client that takes nothing is dropped once it has fallen behind, and its connection is cut")
    func slowClient() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let id = try #require(ResearchID(research.id))
            let text = Array(quoted(String(repeating: "x", count: 2000)).utf8)
            let listener = try HTTPClient(port: api.server.port, receiveBuffer: 65536)
            _ = try await listener.listen(to: research, as: user.token)
            try await eventually { api.researches.events.listenerCount == 1 }
            // What the system buffers is some megabytes.
            try await eventually {
                for _ in 0..<100 { api.researches.events.publish(.message, json: text, of: id) }
                return api.researches.events.listenerCount == 0
            }
            let dropped = #"coffer_research_listeners_dropped_total{reason="slow"} 1"#
            #expect(try await metric(dropped, of: api))
            try await eventually { api.server.openConnections == 1 }
            await listener.close()
        }
    }
}
