import Accounts
import HTTPServer
import JSON
import Research

/// What happens to a research, while it happens, as Server-Sent Events
/// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
struct EventRoutes: Sendable {
    let researches: Researches
    let authentication: Authentication

    func add(to router: inout Router) {
        router.on(.get, "/v1/research/{id}/events", dispatch: .light, handler: listen)
    }

    @Sendable private func listen(_ request: Request) async throws -> Response {
        let access = try authentication.access(of: request)
        let lastSeen = try request.lastEventID
        let id = try request.researchID
        if try await !researches.isRunning(id, by: access) {
            let record = try await researches.research(id, by: access)
            if record.state != .running { return ended(record.state, lastSeen: lastSeen) }
        }
        return follow(id, after: lastSeen, isEntitled: access.mayFollow)
    }

    private func ended(_ state: ResearchRecord.State, lastSeen: EventID?) -> Response {
        // This is how an EventSource is told not to come back.
        if lastSeen == .final { return Response(.noContent) }
        return stream(.bytes(Bytes(EventStreamText.ended(state, lastSeen: lastSeen))))
    }

    private func follow(
        _ id: ResearchID, after lastSeen: EventID?, isEntitled: @escaping @Sendable () -> Bool
    ) -> Response {
        stream(
            .stream { [events = researches.events] writer in
                try await events.listen(
                    to: id, after: lastSeen, isEntitled: isEntitled, giveUp: { writer.stopWaiting() }
                ) { bytes in
                    try await writer.write(bytes)
                }
            })
    }

    private func stream(_ body: Response.Body) -> Response {
        // nginx collects a response before it passes it on, unless it is told not to
        // (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering).
        Response(headers: ["Content-Type": "text/event-stream", "X-Accel-Buffering": "no"], body: body)
    }
}

extension DataAccess {
    /// Whether its listener may still listen. A research's own token dies before the last event is sent; that event
    /// ends the stream.
    fileprivate var mayFollow: @Sendable () -> Bool {
        if lease != nil { return { true } }
        return liveness
    }
}

extension Request {
    /// The last event that the client has seen; `nil` if it does not say, or says nothing.
    fileprivate var lastEventID: EventID? {
        get throws {
            guard let text = header("Last-Event-ID"), !text.isEmpty else { return nil }
            guard let id = EventID(text) else {
                throw Problem.invalidField("Last-Event-ID", "must be the id of an event, <epoch>-<number>")
            }
            return id
        }
    }
}
