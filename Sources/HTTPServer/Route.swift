/// What a route does with a request body.
public enum BodyPolicy: Sendable {
    /// There should be none; a small one is read and ignored.
    case none
    /// Collected before the handler starts, up to `limit` bytes (the server's `maximumBodyBytes` if `nil`). With
    /// content types, such as `application/json`, any other type is refused, and so is a charset other than UTF-8.
    case buffered(limit: Int64? = nil, contentTypes: [StaticString] = [])
    /// Read by the handler while it arrives. `nil` for no limit but the minimum rate.
    case streamed(limit: Int64? = nil)

    /// A JSON body of up to `limit` bytes.
    public static func json(limit: Int64? = nil) -> BodyPolicy {
        .buffered(limit: limit, contentTypes: ["application/json"])
    }
}

/// Where a handler runs.
public enum Dispatch: Sendable {
    /// On a worker that only such handlers share, so that long work never makes it wait. It may block, but briefly.
    case light
    /// On a worker, where it may block for long.
    case worker
}

/// Answers a request. It throws a ``Problem``, or an error that the server's mapping makes one of. It runs in a task
/// of its own, which is cancelled when the client goes away or the server stops.
public typealias Handler = @Sendable (Request) async throws -> Response

/// Answers a request on the event thread, or says who is to. Only for what is short and cannot block: every client of
/// that thread waits meanwhile. What it throws is answered as what a ``Handler`` throws.
public typealias InlineHandler = @Sendable (Request) throws -> InlineAnswer

/// What an ``InlineHandler`` makes of a request.
public enum InlineAnswer: Sendable {
    /// This is the answer.
    case now(Response)
    /// The closure answers, in a task of its own as a ``Handler`` does.
    case later(Dispatch, @Sendable () async throws -> Response)
}

/// One method on one path template.
struct Route: Sendable {
    let method: HTTPMethod
    let template: String
    let parameterNames: [String]
    let body: BodyPolicy
    let answersWhileDraining: Bool
    let handler: InlineHandler
}
