/// What to search findings for: words and "phrases", all of which must occur; a `*` behind one makes it a prefix.
///
/// Every other character is part of a word, so nothing a user types is an operator of FTS5 by accident
/// (https://www.sqlite.org/fts5.html#full_text_query_syntax).
public struct SearchQuery: Sendable {
    private static let termLimit = 32

    /// The same in the syntax of FTS5.
    let expression: String

    /// Reads a query; throws ``ResearchError/invalidField(_:_:)`` if it has no word, too many, or an open quote.
    public init(_ text: String) throws(ResearchError) {
        try Bounds.check(text, "q", 1...1000)
        var terms: [String] = []
        var rest = text.unicodeScalars[...]
        while let start = rest.firstIndex(where: { !$0.properties.isWhitespace }) {
            rest = rest[start...]
            let term = try rest.first == "\"" ? Self.takePhrase(&rest) : Self.takeWord(&rest)
            // What holds no letter and no digit is no word to FTS5, and could only be missing.
            if term.hasLetter { terms.append(term.quoted) }
        }
        guard !terms.isEmpty else { throw .invalidField("q", "must have a word to search for") }
        guard terms.count <= Self.termLimit else {
            throw .invalidField("q", "must have at most \(Self.termLimit) words")
        }
        expression = terms.joined(separator: " ")
    }

    private struct Term {
        var text: String
        var isPrefix: Bool

        var hasLetter: Bool {
            text.unicodeScalars.contains { $0.properties.isAlphabetic || $0.properties.numericType != nil }
        }

        var quoted: String {
            "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
                + (isPrefix ? "*" : "")
        }
    }

    private static func takePhrase(_ rest: inout Substring.UnicodeScalarView) throws(ResearchError) -> Term {
        let text = rest.dropFirst()
        guard let end = text.firstIndex(of: "\"") else { throw .invalidField("q", "has a quote that is not closed") }
        rest = text[text.index(after: end)...]
        let isPrefix = rest.first == "*"
        if isPrefix { rest = rest.dropFirst() }
        return Term(text: String(text[..<end]), isPrefix: isPrefix)
    }

    private static func takeWord(_ rest: inout Substring.UnicodeScalarView) -> Term {
        let word = rest.prefix { !$0.properties.isWhitespace }
        rest = rest[word.endIndex...]
        let isPrefix = word.last == "*"
        return Term(text: String(isPrefix ? word.dropLast() : word), isPrefix: isPrefix)
    }
}
