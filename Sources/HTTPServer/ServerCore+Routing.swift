/// What becomes of a request once its header is known.
enum Decision {
    case run(route: Int, body: Exchange.Sink)
    case answer(Response)
    case refuse(Problem, route: Int?)
}

extension ServerCore {
    /// Finds the route and checks what it asks of a body.
    func decide(on head: borrowing RequestHead, to target: ResolvedTarget) -> Decision {
        if head.method == .options && target.path == "*" { return .answer(Response(.noContent)) }
        guard let route = target.endpoint?.route(for: head.method) else {
            guard let allow = target.endpoint?.allow else {
                return .refuse(isDraining ? .draining : .unknownPath, route: nil)
            }
            guard head.method == .options else { return .refuse(.methodNotAllowed(allow: allow), route: nil) }
            return .answer(Response(.noContent, headers: ["Allow": allow]))
        }
        if isDraining && !router.routes[route].answersWhileDraining { return .refuse(.draining, route: route) }
        let body = router.routes[route].body
        let (limit, sink) = reception(of: body)
        if let length = head.contentLength, length > limit { return .refuse(.bodyTooLarge(limit: limit), route: route) }
        if let problem = contentProblem(of: head, for: body) { return .refuse(problem, route: route) }
        return .run(route: route, body: sink)
    }

    /// How long a body may be, and where it goes.
    private func reception(of body: BodyPolicy) -> (limit: Int64, Exchange.Sink) {
        switch body {
        case .none:
            return (Self.discardLimit, .nowhere)
        case .buffered(let limit, _):
            let limit = limit ?? configuration.maximumBodyBytes
            return (limit, .buffer(limit: limit))
        case .streamed(let limit):
            let limit = limit ?? .max
            return (limit, .stream(limit: limit))
        }
    }

    private func contentProblem(of head: borrowing RequestHead, for body: BodyPolicy) -> Problem? {
        guard head.hasBody else { return nil }
        switch body {
        case .none: return nil
        case .buffered, .streamed: break
        }
        let isEncoded = head.headers.withBytes(of: "Content-Encoding") { !$0.equalsIgnoringCase("identity") }
        if isEncoded == true { return .unsupportedContentEncoding }
        guard case .buffered(_, let expected) = body, !expected.isEmpty else { return nil }
        let isExpected = head.headers.withBytes(of: "Content-Type") { MediaType.matches($0, expected) }
        return isExpected == true ? nil : .unsupportedMediaType(expected: expected)
    }
}
