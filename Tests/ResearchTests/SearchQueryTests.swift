import Testing

@testable import Research

@Suite("What findings are searched for")
struct SearchQueryTests {
    @Test(
        "words, phrases and prefixes; what would be an operator of FTS5 is part of a word",
        arguments: [
            ("moon", #""moon""#), ("  moon   tide ", #""moon" "tide""#), (#""high tide" moon"#, #""high tide" "moon""#),
            ("tid*", #""tid"*"#), (#""high ti"*"#, #""high ti"*"#),
            ("moon AND NOT tide", #""moon" "AND" "NOT" "tide""#),
            ("title:moon", #""title:moon""#), ("(a OR b) ^c +d -e", #""(a" "OR" "b)" "^c" "+d" "-e""#),
            (#"5" disk"#, #""5""" "disk""#), ("NEAR(a, 2)", #""NEAR(a," "2)""#), ("it's", #""it's""#),
            ("moon -- ; &", #""moon""#), ("月 é ½", #""月" "é" "½""#), ("a**", #""a*"*"#),
        ])
    func expression(_ text: String, _ expected: String) throws {
        #expect(try SearchQuery(text).expression == expected)
    }

    @Test(
        "what has no word, too many, or an open quote is refused by name",
        arguments: [
            "", "   ", "*", "\"\"", "--", "\"open", "moon \"open", String(repeating: "a ", count: 33),
            String(repeating: "a", count: 1001),
        ])
    func refused(_ text: String) {
        let error = #expect(throws: ResearchError.self) { try SearchQuery(text) }
        guard case .invalidField("q", _) = error else {
            Issue.record("unexpected \(String(describing: error))")
            return
        }
    }
}
