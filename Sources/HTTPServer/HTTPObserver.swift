/// Told about every request, for metrics. Called on event threads and workers: it must not block.
public protocol HTTPObserver: AnyObject, Sendable {
    /// A request whose header has been read is over.
    func requestFinished(_ request: FinishedRequest)
}

/// Of a server that nobody observes.
final class NoObserver: HTTPObserver {
    func requestFinished(_ request: FinishedRequest) {}
}

/// What remains to be said about a request that is over.
public struct FinishedRequest: Hashable, Sendable {
    /// The number of the route that took it, an index of ``Router/templates``; `nil` for an unknown path and for a
    /// request refused before that.
    public let route: Int?
    /// The method; whatever the client sent, so not a safe label without a route.
    public let method: HTTPMethod
    /// The status that was sent. Of a request that got no answer: 499 if the client went away, 408 if it was too slow,
    /// and 503 if the server stopped.
    public let status: HTTPStatus
    /// From the request line to the last byte handed to the system.
    public let duration: Duration
    /// The bytes of the response body.
    public let bytesSent: Int
    /// The response had begun, and did not reach its end.
    public let isCutShort: Bool
}
