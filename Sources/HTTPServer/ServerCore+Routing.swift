/// What becomes of a request once its header is known.
enum Decision {
    case run(Route, bodyLimit: Int64)
    case answer(Response)
    case refuse(Problem, Route?)
}

extension ServerCore {
    /// Finds the route and checks what it asks of a body.
    func decide(on head: borrowing RequestHead, to target: ResolvedTarget) -> Decision {
        if head.method == .options && target.path == "*" { return .answer(Response(.noContent)) }
        guard let endpoint = target.endpoint else {
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
        return .run(route, bodyLimit: limit)
    }

    private func bodyLimit(of route: Route) -> Int64 {
        switch route.body {
        case .none: Self.discardLimit
        case .buffered(let limit, _): limit ?? configuration.maximumBodyBytes
        case .streamed(let limit): limit ?? .max
        }
    }

    private func contentProblem(of head: borrowing RequestHead, for route: Route) -> Problem? {
        guard head.hasBody else { return nil }
        switch route.body {
        case .none: return nil
        case .buffered, .streamed: break
        }
        let isEncoded = head.headers.withBytes(of: "Content-Encoding") { !$0.equalsIgnoringCase("identity") }
        if isEncoded == true { return .unsupportedContentEncoding }
        guard case .buffered(_, let expected) = route.body, !expected.isEmpty else { return nil }
        let isExpected = head.headers.withBytes(of: "Content-Type") { MediaType.matches($0, expected) }
        return isExpected == true ? nil : .unsupportedMediaType(expected: expected)
    }
}
