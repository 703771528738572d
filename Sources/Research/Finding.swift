import Accounts
import Timekeeping

/// Something that a research has found.
public struct Finding: Sendable, Equatable {
    /// Its name within its user's findings; later ones have higher ones.
    public let id: Int64
    /// The research that found it.
    public let research: ResearchID
    /// The client's own name for it, unique within the research.
    public let key: String?
    /// What sort of finding, in the client's words.
    public let kind: String
    /// Its heading.
    public let title: String
    /// Where it was found.
    public let url: String?
    /// Its text.
    public let content: String
    /// What else the client keeps with it, as JSON text.
    public let data: String?
    /// When it was added.
    public let created: UnixTime
}

/// A finding as a client sends it.
public struct FindingDraft: Sendable {
    /// The most findings of one call.
    public static let batchLimit = 500

    let key: String?
    let kind: String
    let title: String
    let url: String?
    let content: String
    let data: String?

    /// Checks the values; throws ``ResearchError/invalidField(_:_:)``. `data` is JSON text.
    public init(
        key: String?, kind: String, title: String, url: String?, content: String, data: String?
    ) throws(ResearchError) {
        if let key { try Bounds.check(key, "key", 1...200) }
        try Bounds.check(kind, "kind", 1...100)
        try Bounds.check(title, "title", 1...1000)
        if let url { try Bounds.check(url, "url", 1...4096) }
        try Bounds.check(content, "content", 0...(256 << 10))
        if let data { try Bounds.check(data, "data", 0...(64 << 10)) }
        self.key = key
        self.kind = kind
        self.title = title
        self.url = url
        self.content = content
        self.data = data
    }
}

/// What became of one item of a batch.
public struct AddedFinding: Sendable, Equatable {
    /// The finding's id.
    public let id: Int64
    /// Whether it was added; false if the research had one with the same key.
    public let isNew: Bool
}

/// A finding with the words around those that were searched for.
public struct SearchHit: Sendable, Equatable {
    /// The finding.
    public let finding: Finding
    /// Some words of its text or heading around the first match.
    public let snippet: String
}
