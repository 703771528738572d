import CofferTesting
import JSON
import Testing

@Suite("Findings over HTTP")
struct FindingTests {
    @Test("a batch is added whole or not at all, and one that is sent again adds nothing")
    func batches() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let batch =
                #"{"items":[{"key":"a","kind":"k","title":"A","content":""},{"key":"b","kind":"k","title":"B","content":""}]}"#
            let first = try await api.work(research, "findings", batch).json["items"]?.arrayValue ?? []
            #expect(first.map { $0["new"] } == [.bool(true), .bool(true)])
            let again = try await api.work(research, "findings", batch).json["items"]?.arrayValue ?? []
            #expect(again.map { $0["new"] } == [.bool(false), .bool(false)])
            #expect(again.map { $0["id"] } == first.map { $0["id"] })
            let twice =
                try await api.work(
                    research, "findings",
                    #"{"items":[{"key":"c","kind":"k","title":"C","content":"1"},{"key":"c","kind":"k","title":"C","content":"2"}]}"#
                ).json["items"]?.arrayValue ?? []
            #expect(twice.map { $0["new"] } == [.bool(true), .bool(false)])
            try expectProblem(
                try await api.work(
                    research, "findings",
                    #"{"items":[{"kind":"k","title":"D","content":""},{"kind":"","title":"E","content":""}]}"#),
                400, "invalid_field")
            #expect(try await titles(of: research, as: user, in: api) == ["A", "B", "C"])
            // Another research has keys of its own.
            let other = try await api.startResearch(as: user)
            let items = try await api.work(other, "findings", batch).json["items"]?.arrayValue ?? []
            #expect(items.map { $0["new"] } == [.bool(true), .bool(true)])
        }
    }

    @Test("what is no batch is refused, and nothing is added")
    func refused() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let item = #"{"kind":"k","title":"t","content":"c"}"#
            let many = Array(repeating: item, count: 501).joined(separator: ",")
            for body in [
                "{}", #"{"items":[]}"#, #"{"items":{}}"#, #"{"items":[1]}"#, #"{"items":[{"kind":"k","title":"t"}]}"#,
                #"{"items":[{"kind":"k","title":"t","content":1}]}"#,
                #"{"items":[{"kind":"k","title":"t","content":"","x":1}]}"#,
                #"{"items":[\#(many)]}"#,
            ] {
                try expectProblem(try await api.work(research, "findings", body), 400, "invalid_field")
            }
            try expectProblem(try await api.work(research, "findings", "{"), 400, "malformed_json")
            try expectProblem(
                try await api.work(
                    research, "findings", #"{"items":[{"kind":"k","title":"t","content":"","data":{"a":1,"a":2}}]}"#),
                400, "malformed_json")
            #expect(try await titles(of: research, as: user, in: api) == [])
        }
    }

    @Test("lists come in parts, of which each begins where the last ended")
    func pages() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let items = (1...5).map { #"{"kind":"k","title":"\#($0)","content":"word"}"# }.joined(separator: ",")
            _ = try await api.work(research, "findings", #"{"items":[\#(items)]}"#)
            for path in ["/v1/research/\(research.id)/findings?", "/v1/research/search?q=word&"] {
                var seen: [String] = []
                var cursor = ""
                for _ in 0..<3 {
                    let page = try await api.call("GET", path + "limit=2" + cursor, as: user.token).json
                    seen += (page["items"]?.arrayValue ?? []).compactMap { $0["title"]?.stringValue }
                    guard let next = page["next_cursor"]?.stringValue else { break }
                    cursor = "&cursor=" + next
                }
                #expect(seen == ["1", "2", "3", "4", "5"], "\(path)")
                for bad in ["limit=0", "limit=201", "limit=x", "cursor=x", "cursor=-1"] {
                    try expectProblem(try await api.call("GET", path + bad, as: user.token), 400, "invalid_field")
                }
            }
        }
    }

    @Test("a part ends before the reply is too large, and holds one item at least")
    func largeItems() async throws {
        try await APIFixture.run {
            $0.limits.responseBytes = 2500
        } _: { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            let sizes = [1000, 1000, 1000, 9000]
            let items = sizes.map { #"{"kind":"k","title":"t","content":"\#(String(repeating: "x", count: $0))"}"# }
            _ = try await api.work(research, "findings", #"{"items":[\#(items.joined(separator: ","))]}"#)
            var counts: [Int] = []
            var cursor = ""
            repeat {
                let path = "/v1/research/\(research.id)/findings" + cursor
                let page = try await api.call("GET", path, as: user.token).json
                counts.append(page["items"]?.arrayValue?.count ?? 0)
                cursor = page["next_cursor"]?.stringValue.map { "?cursor=" + $0 } ?? ""
            } while !cursor.isEmpty && counts.count < 9
            #expect(counts == [2, 1, 1])
        }
    }

    @Test("a search finds words, phrases and prefixes in all of the user's researches, and nobody else's")
    func search() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            let (first, second) = (try await api.startResearch(as: ada), try await api.startResearch(as: ada))
            let foreign = try await api.startResearch(as: eve)
            func add(_ title: String, _ content: String, to research: APIResearch) async throws {
                let reply = try await api.work(
                    research, "findings", #"{"items":[{"kind":"k","title":"\#(title)","content":\#(quoted(content))}]}"#
                )
                #expect(reply.status == 201)
            }
            try await add("Tides", "The Moon raises a high tide twice a day.", to: first)
            try await add("Naïve", "tide high, in another order", to: second)
            try await add("Secret", "the moon of Eve", to: foreign)
            for (query, expected) in [
                ("moon", ["Tides"]), ("MOON", ["Tides"]), ("tide", ["Naïve", "Tides"]),
                ("high tide", ["Naïve", "Tides"]),
                ("%22high+tide%22", ["Tides"]), ("tid*", ["Naïve", "Tides"]), ("naive", ["Naïve"]), ("eve", []),
                ("moon+OR+tide", []), ("content:moon", []), ("raises*+mo*", ["Tides"]), ("a)+b", []), ("'", nil),
                ("", nil), ("%22moon", nil),
            ] as [(String, [String]?)] {
                let reply = try await api.call(
                    "GET", "/v1/research/search?q=\(query.replacing(" ", with: "+"))", as: ada.token)
                guard let expected else {
                    #expect(reply.status == 400, "\(query): \(reply)")
                    continue
                }
                let titles = try reply.json["items"]?.arrayValue?.compactMap { $0["title"]?.stringValue }
                #expect(titles?.sorted() == expected, "\(query): \(reply)")
            }
            try expectProblem(try await api.call("GET", "/v1/research/search", as: ada.token), 400, "invalid_field")
            let hit = try await api.call("GET", "/v1/research/search?q=moon", as: first.token).json["items"]?.arrayValue
            #expect(hit?.first?["research_id"] == .string(first.id))
            #expect(hit?.first?["snippet"]?.stringValue?.contains("Moon") == true)
        }
    }

    private func titles(of research: APIResearch, as user: APIUser, in api: APIFixture) async throws -> [String] {
        let list = try await api.call("GET", "/v1/research/\(research.id)/findings", as: user.token).json
        return (list["items"]?.arrayValue ?? []).compactMap { $0["title"]?.stringValue }
    }
}
