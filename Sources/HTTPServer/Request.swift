/// A request, copied off its connection: it stays valid when the client has gone.
///
/// Sound as `@unchecked Sendable`: nothing of it changes but its ``RequestBody``, which says who may do that.
public struct Request: @unchecked Sendable {
    /// Asked by its pointer: each look at a `ManagedBuffer`'s `header` is checked for another access at the same time.
    private let content: RequestContent

    /// Makes a request, for calling a handler without a server.
    public init(
        _ method: HTTPMethod, _ path: String, headers: [(String, String)] = [],
        parameters: [String: String] = [:], queryItems: [QueryItem] = [], body: [UInt8] = [],
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
            parameterNames: Array(parameters.keys), headers: builder.build(), remoteAddress: remoteAddress,
            bodyStream: bodyStream, bodyLength: Int64(body.count))
        body.withUnsafeBytes { self.body.append($0, expecting: body.count) }
    }

    init(
        id: RequestID, method: HTTPMethod, target: ResolvedTarget, parameterNames: [String] = [], headers: HeaderFields,
        remoteAddress: RemoteAddress, bodyStream: RequestBodyStream? = nil, bodyLength: Int64? = 0
    ) {
        let head = RequestContent.Head(
            id: id, method: method, target: target, parameterNames: parameterNames, headers: headers,
            remoteAddress: remoteAddress, bodyStream: bodyStream)
        content = .make(head, bodyLength: bodyLength)
    }

    /// The id that logs and responses carry: the client's `X-Request-ID` if it is 1–64 of `[A-Za-z0-9._-]`, else 32
    /// random hex digits.
    public var id: RequestID { content.withUnsafeMutablePointerToHeader { $0.pointee.head.id } }

    /// The method; `HEAD` where a `GET` route answers a `HEAD` request.
    public var method: HTTPMethod { content.withUnsafeMutablePointerToHeader { $0.pointee.head.method } }

    /// Whether the method is `HEAD`, without a copy of the method.
    var isHead: Bool { content.withUnsafeMutablePointerToHeader { $0.pointee.head.method == .head } }

    /// The path as it was sent, still percent-encoded, without the query.
    public var path: String { content.withUnsafeMutablePointerToHeader { $0.pointee.head.target.path } }

    /// The header fields.
    public var headers: HeaderFields { content.withUnsafeMutablePointerToHeader { $0.pointee.head.headers } }

    /// The client's end of the connection; behind a proxy, the proxy's.
    public var remoteAddress: RemoteAddress {
        content.withUnsafeMutablePointerToHeader { $0.pointee.head.remoteAddress }
    }

    /// The body of a `.buffered` route, else empty.
    public var body: RequestBody { RequestBody(content: content) }

    /// The body of a `.streamed` route, else `nil`.
    public var bodyStream: RequestBodyStream? {
        content.withUnsafeMutablePointerToHeader { $0.pointee.head.bodyStream }
    }

    /// The decoded query, in order.
    public var queryItems: [QueryItem] { content.withUnsafeMutablePointerToHeader { $0.pointee.head.target.query } }

    /// The value of the first header field of that name, whose case does not matter.
    public func header(_ name: StaticString) -> String? { headers[name] }

    /// The decoded value of a path parameter. `name` must be in the route's template. The value may contain a slash:
    /// never make a file path of it.
    public func parameter(_ name: String) -> String {
        content.withUnsafeMutablePointerToHeader { fields in
            guard let index = fields.pointee.head.parameterNames.firstIndex(of: name) else {
                preconditionFailure("the route's template has no parameter \(name)")
            }
            return fields.pointee.head.target.parameters[index]
        }
    }

    /// The decoded value of the first query item of that name.
    public func query(_ name: String) -> String? {
        queryItems.first { $0.name == name }?.value
    }

    /// The `User-Agent`.
    public var userAgent: String? { headers["User-Agent"] }
}
