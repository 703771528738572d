import JSON

/// What a handler answers.
public struct Response: Sendable {
    /// What follows the header.
    public enum Body: Sendable {
        /// Nothing; `Content-Length: 0`, or no such field with status 204.
        case empty
        /// These bytes, sent from where they are without a copy.
        case bytes(Bytes)
        /// A part of a file, sent by `sendfile(2)`.
        case file(FileContent)
        /// What the closure writes, as it writes it, with back-pressure: chunked, or `length` bytes if that is known.
        /// The closure runs on a worker, a light one unless the route is dispatched to ``Dispatch/worker``, after the
        /// handler has returned, and not at all for `HEAD`, after which the connection closes. When it returns the body
        /// ends; when it throws, or returns before `length` bytes, the connection is cut, so that the client does not
        /// take a part for the whole.
        case stream(length: Int64? = nil, @Sendable (BodyWriter) async throws -> Void)

        /// The number of bytes that are there to be sent; `nil` for a stream.
        var count: Int64? {
            switch self {
            case .empty: 0
            case .bytes(let bytes): Int64(bytes.count)
            case .file(let content): content.count
            case .stream: nil
            }
        }
    }

    /// The status, 200–599.
    public var status: HTTPStatus
    /// The header fields beside those that the server adds: `Date`, `Content-Length` or `Transfer-Encoding`,
    /// `X-Request-ID`, `X-Content-Type-Options: nosniff`, and `Cache-Control: no-store` unless given here.
    public var headers: ResponseHeaders
    /// The body.
    public var body: Body

    /// Makes a response.
    public init(_ status: HTTPStatus = .ok, headers: ResponseHeaders = [:], body: Body = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes a response with a body of one content type.
    public init(_ status: HTTPStatus = .ok, contentType: String, bytes: [UInt8]) {
        self.init(status, headers: ["Content-Type": contentType], body: .bytes(Bytes(bytes)))
    }

    /// Makes an `application/json` response of encoded JSON.
    public static func json(_ bytes: Bytes, status: HTTPStatus = .ok) -> Response {
        Response(status, headers: .json, body: .bytes(bytes))
    }
}
