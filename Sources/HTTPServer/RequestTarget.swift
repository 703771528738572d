/// One `name=value` of a query string, decoded.
public struct QueryItem: Hashable, Sendable {
    /// The part before the first `=`.
    public let name: String
    /// The part after it; empty where there is no `=`.
    public let value: String

    /// Makes an item from decoded text.
    public init(name: String, value: String) {
        self.name = name
        self.value = value
    }
}

/// The target of a request line, taken apart (https://www.rfc-editor.org/rfc/rfc9112#section-3.2).
struct RequestTarget: Equatable {
    /// The path as it was sent, still encoded.
    let path: String
    /// The decoded parts of the path between its slashes; a `%2F` inside a part does not separate.
    let segments: [String]
    let query: [QueryItem]

    /// Takes the origin form (`/path?query`), the absolute form (`http://host/path`) and the asterisk of `OPTIONS *`.
    /// Throws `malformed_request` for anything else, and for what does not decode.
    init(parsing bytes: [UInt8]) throws(Problem) {
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "#") }) else {
            throw .malformedRequest("The request target has a character that a URI cannot have.")
        }
        let relative = Self.withoutAuthority(bytes[...])
        let pathEnd = relative.firstIndex(of: UInt8(ascii: "?")) ?? relative.endIndex
        path = String(decoding: relative[..<pathEnd], as: UTF8.self)
        if path == "*" {
            segments = []
        } else {
            segments = try Self.segments(of: relative[..<pathEnd])
        }
        query = pathEnd == relative.endIndex ? [] : try Self.items(of: relative[pathEnd...].dropFirst())
    }

    private static func withoutAuthority(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        if target.first == UInt8(ascii: "/") { return target }
        for scheme in ["http://", "https://"] where target.prefix(scheme.utf8.count).equalsIgnoringCase(scheme) {
            let rest = target.dropFirst(scheme.utf8.count)
            return rest.drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        }
        return target
    }

    private static func segments(of path: ArraySlice<UInt8>) throws(Problem) -> [String] {
        guard path.first == UInt8(ascii: "/") else {
            throw .malformedRequest("The request target must begin with a slash.")
        }
        var segments: [String] = []
        var rest = path.dropFirst()
        while true {
            let end = rest.firstIndex(of: UInt8(ascii: "/")) ?? rest.endIndex
            guard let segment = PercentDecoding.decode(rest[..<end]), segment != ".", segment != ".." else {
                throw .malformedRequest("The path has a part that does not decode to UTF-8 text, or a dot segment.")
            }
            segments.append(segment)
            if end == rest.endIndex { return segments }
            rest = rest[(end + 1)...]
        }
    }

    private static func items(of query: ArraySlice<UInt8>) throws(Problem) -> [QueryItem] {
        var items: [QueryItem] = []
        for part in query.split(separator: UInt8(ascii: "&")) {
            let nameEnd = part.firstIndex(of: UInt8(ascii: "=")) ?? part.endIndex
            guard let name = PercentDecoding.decode(part[..<nameEnd], plusIsSpace: true),
                let value = PercentDecoding.decode(part[nameEnd...].dropFirst(), plusIsSpace: true)
            else { throw .malformedRequest("The query string does not decode to UTF-8 text.") }
            items.append(QueryItem(name: name, value: value))
        }
        return items
    }
}
