import Testing

@testable import Research

@Suite("The bounds of what clients send")
struct ResearchBoundsTests {
    @Test("progress is 0 to 100, and a fraction of a percent is cut off")
    func progress() throws {
        for (given, kept) in [(0, 0), (0.9, 0), (33.3, 33), (100, 100)] as [(Double, Int)] {
            #expect(try Heartbeat(progress: given).progress == kept)
        }
        for given in [-0.1, 100.1, 1e300, -1e300, .infinity] as [Double] {
            expectField("progress") { try Heartbeat(progress: given) }
        }
    }

    @Test("texts are bounded in bytes, and what is at the bound is taken")
    func texts() throws {
        func text(_ count: Int) -> String { String(repeating: "x", count: count) }
        _ = try ResearchDraft(title: text(1000), query: text(10_000))
        expectField("title") { try ResearchDraft(title: "") }
        expectField("title") { try ResearchDraft(title: text(1001)) }
        expectField("title") { try ResearchDraft(title: String(repeating: "é", count: 501)) }
        expectField("query") { try ResearchDraft(title: "t", query: text(10_001)) }
        _ = try Heartbeat(message: text(2000))
        expectField("message") { try Heartbeat(message: text(2001)) }
        expectField("error") { try Ending.failed(error: "") }
        expectField("error") { try Ending.failed(error: text(10_001)) }
        expectField("result") { try Ending.completed(result: text(1 << 20) + "x") }
        func finding(
            key: String? = nil, kind: String = "k", url: String? = nil, content: String = "", data: String? = nil
        )
            throws -> FindingDraft
        {
            try FindingDraft(key: key, kind: kind, title: "t", url: url, content: content, data: data)
        }
        _ = try finding(
            key: text(200), kind: text(100), url: text(4096), content: text(256 << 10), data: text(64 << 10))
        expectField("key") { try finding(key: "") }
        expectField("kind") { try finding(kind: text(101)) }
        expectField("url") { try finding(url: text(4097)) }
        expectField("content") { try finding(content: text((256 << 10) + 1)) }
        expectField("data") { try finding(data: text((64 << 10) + 1)) }
    }

    private func expectField<Value>(
        _ field: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: () throws -> Value
    ) {
        let error = #expect(throws: ResearchError.self, sourceLocation: sourceLocation) { _ = try body() }
        guard case .invalidField(field, _)? = error else {
            Issue.record("unexpected \(String(describing: error))", sourceLocation: sourceLocation)
            return
        }
    }
}
