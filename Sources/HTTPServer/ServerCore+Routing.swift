/// What becomes of a request once its header is known.
enum Decision {
    case run(Route, parameters: [String], bodyLimit: Int64)
    case answer(Response)
    case refuse(Problem, Route?)
}

extension ServerCore {
    /// Finds the route and checks what it asks of a body.
    func decide(on head: RequestHead) -> Decision {
        if head.method == .options && head.target.path == "*" { return .answer(Response(.noContent)) }
        guard let (endpoint, parameters) = router.endpoint(at: head.target.segments) else {
            return .refuse(isDraining ? .draining : .unknownPath, nil)
        }
        guard let route = endpoint.route(for: head.method) else {
            guard head.method == .options else { return .refuse(.methodNotAllowed(allow: endpoint.allow), nil) }
            return .answer(Response(.noContent, headers: ["Allow": endpoint.allow]))
        }
        if isDraining && !route.answersWhileDraining { return .refuse(.draining, route) }
        let limit = bodyLimit(of: route)
        if let length = head.contentLength, length > limit { return .refuse(.bodyTooLarge(limit: limit), route) }
        if let problem = contentProblem(of: head, for: route) { return .refuse(problem, route) }
        return .run(route, parameters: parameters, bodyLimit: limit)
    }

    private func bodyLimit(of route: Route) -> Int64 {
        switch route.body {
        case .none: Self.discardLimit
        case .buffered(let limit, _): limit ?? configuration.maximumBodyBytes
        case .streamed(let limit): limit ?? .max
        }
    }

    private func contentProblem(of head: RequestHead, for route: Route) -> Problem? {
        guard head.hasBody else { return nil }
        switch route.body {
        case .none: return nil
        case .buffered, .streamed: break
        }
        let isEncoded = head.headers.withBytes(of: "Content-Encoding") { !$0.equalsIgnoringCase("identity") }
        if isEncoded == true { return .unsupportedContentEncoding }
        guard case .buffered(_, let expected) = route.body, !expected.isEmpty else { return nil }
        guard let type = head.headers["Content-Type"], MediaType.matches(type, expected) else {
            return .unsupportedMediaType(expected: expected)
        }
        return nil
    }
}
