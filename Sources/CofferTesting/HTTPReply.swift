/// A response as the client received it.
public struct HTTPReply: Sendable, CustomStringConvertible {
    /// The status.
    public let status: Int
    /// The header fields in order, names in lower case.
    public let headers: [(name: String, value: String)]
    /// The body, with the chunks put together.
    public internal(set) var body: [UInt8] = []

    /// The first value of a header field; `name` in any case.
    public func header(_ name: String) -> String? {
        headers.first { $0.name == name.lowercased() }?.value
    }

    /// The body as text.
    public var text: String { String(decoding: body, as: UTF8.self) }

    /// Status, header and body, for a failed expectation.
    public var description: String {
        "\(status) " + headers.map { "\($0.name): \($0.value)" }.joined(separator: " | ") + " | " + text
    }

    var isChunked: Bool { header("transfer-encoding") == "chunked" }

    var contentLength: Int? { header("content-length").flatMap(Int.init) }

    /// Reads a status line and header fields; `nil` if they are none.
    init?(head: [UInt8]) {
        let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
        guard let statusLine = lines.first, statusLine.hasPrefix("HTTP/1."),
            let status = statusLine.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        self.status = status
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1)
            return (parts[0].lowercased(), parts.count > 1 ? String(parts[1].drop { $0 == " " }) : "")
        }
    }
}
