/// Finds the handler of a request by method and path.
public struct Router: Sendable {
    /// A position in the tree of path parts.
    struct Node: Sendable {
        var children: [String: Node] = [:]
        /// The child for `{name}`: at most one.
        var parameter: [Node] = []
        var endpoint: Endpoint?
    }

    /// What there is at a path.
    struct Endpoint: Sendable {
        /// The numbers of its routes, by their methods: few, so that comparing them is quicker than hashing one.
        var routes: [(method: HTTPMethod, number: Int)] = []

        /// The value of an `Allow` field.
        var allow: String {
            var methods = Set(routes.map(\.method)).union([.options])
            if methods.contains(.get) { methods.insert(.head) }
            return methods.map(\.name).sorted().joined(separator: ", ")
        }

        func route(for method: HTTPMethod) -> Int? {
            routes.first { $0.method == method }?.number
                ?? (method == .head ? routes.first { $0.method == .get }?.number : nil)
        }
    }

    private var root = Node()
    /// A route's place here is its number. A request keeps that: references to what all requests share are counted in
    /// memory that event threads would take from each other.
    private(set) var routes: [Route] = []

    /// The templates of the routes, by their numbers.
    public var templates: [String] { routes.map(\.template) }

    /// Makes a router without routes.
    public init() {}

    /// Adds a route. A template is a path with parameters as whole parts: `/v1/sessions/{id}`. A literal part wins
    /// over a parameter. `GET` answers `HEAD` as well, and `OPTIONS` is answered with 204 and `Allow` without a route.
    ///
    /// `answersWhileDraining` routes, such as health checks, are still answered after ``Server/beginDraining()``.
    /// Adding a method to a template twice is a programming error and traps.
    public mutating func on(
        _ method: HTTPMethod, _ template: String, body: BodyPolicy = .none, dispatch: Dispatch = .light,
        answersWhileDraining: Bool = false, handler: @escaping Handler
    ) {
        inline(method, template, body: body, answersWhileDraining: answersWhileDraining) { request in
            .later(dispatch) { try await handler(request) }
        }
    }

    /// Adds a route whose handler runs on the event thread.
    public mutating func inline(
        _ method: HTTPMethod, _ template: String, body: BodyPolicy = .none, answersWhileDraining: Bool = false,
        handler: @escaping InlineHandler
    ) {
        precondition(template.first == "/", "a route's template begins with a slash: \(template)")
        let parts = template.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        let route = Route(
            method: method, template: template, parameterNames: parts.compactMap(Self.parameterName), body: body,
            answersWhileDraining: answersWhileDraining, handler: handler)
        precondition(
            Set(route.parameterNames).count == route.parameterNames.count, "a parameter occurs twice: \(template)")
        root.insert(route, number: routes.count, at: parts[...])
        routes.append(route)
    }

    static func parameterName(_ part: String) -> String? {
        part.first == "{" && part.last == "}" ? String(part.dropFirst().dropLast()) : nil
    }

    /// The endpoint at a decoded path, with the values of the parameters on the way; `nil` for an unknown path.
    func endpoint(at segments: [String]) -> (endpoint: Endpoint, parameters: [String])? {
        var parameters: [String] = []
        return root.find(segments[...], &parameters).map { ($0, parameters) }
    }
}

extension Router.Node {
    fileprivate mutating func insert(_ route: Route, number: Int, at parts: ArraySlice<String>) {
        guard let part = parts.first else {
            precondition(
                !(endpoint?.routes.contains { $0.method == route.method } ?? false),
                "\(route.method) \(route.template) has been added before")
            endpoint = endpoint ?? Router.Endpoint()
            endpoint?.routes.append((route.method, number))
            return
        }
        if Router.parameterName(part) != nil {
            if parameter.isEmpty { parameter.append(Router.Node()) }
            parameter[0].insert(route, number: number, at: parts.dropFirst())
        } else {
            children[part, default: Router.Node()].insert(route, number: number, at: parts.dropFirst())
        }
    }

    fileprivate func find(_ segments: ArraySlice<String>, _ parameters: inout [String]) -> Router.Endpoint? {
        guard let segment = segments.first else { return endpoint }
        if let found = children[segment]?.find(segments.dropFirst(), &parameters) { return found }
        guard let child = parameter.first, !segment.isEmpty else { return nil }
        parameters.append(segment)
        if let found = child.find(segments.dropFirst(), &parameters) { return found }
        parameters.removeLast()
        return nil
    }
}
