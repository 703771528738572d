/// A request, copied off its connection: it stays valid when the client has gone.
public struct Request: Sendable {
    /// One allocation for what is never changed and often passed on.
    private final class Content: Sendable {
        let id: RequestID
        let method: HTTPMethod
        let target: ResolvedTarget
        let parameterNames: [String]
        let headers: HeaderFields
        let remoteAddress: RemoteAddress
        let body: RequestBody
        let bodyStream: RequestBodyStream?

        init(
            id: RequestID, method: HTTPMethod, target: ResolvedTarget, parameterNames: [String], headers: HeaderFields,
            remoteAddress: RemoteAddress, body: RequestBody, bodyStream: RequestBodyStream?
        ) {
            self.id = id
            self.method = method
            self.target = target
            self.parameterNames = parameterNames
            self.headers = headers
            self.remoteAddress = remoteAddress
            self.body = body
            self.bodyStream = bodyStream
        }
    }

    private let content: Content

    /// Makes a request, for calling a handler without a server.
    public init(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [],
        parameters: [String: String] = [:], queryItems: [QueryItem] = [], body: RequestBody = RequestBody(),
        bodyStream: RequestBodyStream? = nil, remoteAddress: RemoteAddress = RemoteAddress(host: "127.0.0.1", port: 1)
    ) {
        let byteCount = headers.reduce(0) { $0 + $1.0.utf8.count + $1.1.utf8.count }
        let builder = HeaderFields.Builder(count: headers.count, byteCount: byteCount)
        for (name, value) in headers {
            Array(name.utf8).withUnsafeBytes { name in
                Array(value.utf8).withUnsafeBytes { builder.append(name: name, value: $0) }
            }
        }
        var identifiers = RequestIdentifiers()
        self.init(
            id: identifiers.next(), method: method,
            target: ResolvedTarget(path: path, query: queryItems, parameters: Array(parameters.values)),
            parameterNames: Array(parameters.keys), headers: builder.build(), remoteAddress: remoteAddress, body: body,
            bodyStream: bodyStream)
    }

    init(
        id: RequestID, method: HTTPMethod, target: ResolvedTarget, parameterNames: [String] = [], headers: HeaderFields,
        remoteAddress: RemoteAddress, body: RequestBody = .empty, bodyStream: RequestBodyStream? = nil
    ) {
        content = Content(
            id: id, method: method, target: target, parameterNames: parameterNames, headers: headers,
            remoteAddress: remoteAddress, body: body, bodyStream: bodyStream)
    }

    /// The id that logs and responses carry: the client's `X-Request-ID` if it is 1–64 of `[A-Za-z0-9._-]`, else 32
    /// random hex digits.
    public var id: RequestID { content.id }

    /// The method; `HEAD` where a `GET` route answers a `HEAD` request.
    public var method: HTTPMethod { content.method }

    /// The path as it was sent, still percent-encoded, without the query.
    public var path: String { content.target.path }

    /// The header fields.
    public var headers: HeaderFields { content.headers }

    /// The client's end of the connection; behind a proxy, the proxy's.
    public var remoteAddress: RemoteAddress { content.remoteAddress }

    /// The body of a `.buffered` route, else empty.
    public var body: RequestBody { content.body }

    /// The body of a `.streamed` route, else `nil`.
    public var bodyStream: RequestBodyStream? { content.bodyStream }

    /// The decoded query, in order.
    public var queryItems: [QueryItem] { content.target.query }

    /// The value of the first header field of that name, whose case does not matter.
    public func header(_ name: StaticString) -> String? { headers[name] }

    /// The decoded value of a path parameter. `name` must be in the route's template. The value may contain a slash:
    /// never make a file path of it.
    public func parameter(_ name: String) -> String {
        guard let index = content.parameterNames.firstIndex(of: name) else {
            preconditionFailure("the route's template has no parameter \(name)")
        }
        return content.target.parameters[index]
    }

    /// The decoded value of the first query item of that name.
    public func query(_ name: String) -> String? {
        queryItems.first { $0.name == name }?.value
    }

    /// The `User-Agent`.
    public var userAgent: String? { headers["User-Agent"] }
}
