/// What a route does with a request body.
public enum BodyPolicy: Sendable {
    /// There should be none; a small one is read and ignored.
    case none
    /// Collected before the handler starts, up to `limit` bytes (the server's `maximumBodyBytes` if `nil`). With
    /// content types, such as `application/json`, any other type is refused, and so is a charset other than UTF-8.
    case buffered(limit: Int64? = nil, contentTypes: [String] = [])
    /// Read by the handler while it arrives. `nil` for no limit but the minimum rate.
    case streamed(limit: Int64? = nil)

    /// A JSON body of up to `limit` bytes.
    public static func json(limit: Int64? = nil) -> BodyPolicy {
        .buffered(limit: limit, contentTypes: ["application/json"])
    }
}

/// Where a handler starts.
public enum Dispatch: Sendable {
    /// On the event thread, until it first suspends; then as ``light``. Only for what is short and cannot block: every
    /// client of that thread waits meanwhile.
    case inline
    /// On a worker that only such handlers share, so that long work never makes it wait. It may block, but briefly.
    case light
    /// On a worker, where it may block for long.
    case worker

    /// Whether what the handler streams runs where nothing takes long.
    var isLight: Bool { self != .worker }
}

/// Answers a request. It throws a ``Problem``, or an error that the server's mapping makes one of. It runs in a task
/// of its own, which is cancelled when the client goes away or the server stops.
public typealias Handler = @Sendable (Request) async throws -> Response

/// One method on one path template.
final class Route: Sendable {
    let method: HTTPMethod
    let template: String
    let parameterNames: [String]
    let body: BodyPolicy
    let dispatch: Dispatch
    let answersWhileDraining: Bool
    let handler: Handler

    init(
        method: HTTPMethod, template: String, parameterNames: [String], body: BodyPolicy, dispatch: Dispatch,
        answersWhileDraining: Bool, handler: @escaping Handler
    ) {
        self.method = method
        self.template = template
        self.parameterNames = parameterNames
        self.body = body
        self.dispatch = dispatch
        self.answersWhileDraining = answersWhileDraining
        self.handler = handler
    }
}
