import Accounts
import HTTPServer
import JSON
import Research
import Secrets
import UserEngines

/// Login, logout, and the list of one's own sessions.
struct SessionRoutes: Sendable {
    let accounts: Accounts
    let authentication: Authentication
    let researches: Researches
    let engines: EngineRegistry
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/sessions", body: limits.credentialsBody, handler: logIn)
        router.on(.get, "/v1/sessions", handler: list)
        router.on(.delete, "/v1/sessions/current", handler: logOut)
        router.on(.delete, "/v1/sessions/{id}", handler: end)
        router.on(.delete, "/v1/sessions", handler: endOthers)
    }

    @Sendable private func logIn(_ request: Request) async throws -> Response {
        var username: String?
        var password: Password?
        var remember = false
        try request.readSecretObject { name, cursor in
            switch name {
            case "username": username = try cursor.string(for: "username")
            case "password": password = try cursor.password(for: "password")
            case "remember": remember = try cursor.bool(for: "remember")
            default: return false
            }
            return true
        }
        let login = try await accounts.login(
            username: username.required("username"), password: password.required("password"), remember: remember,
            from: Client(request))
        var json = JSONWriter()
        json.beginObject()
        json.name("token")
        json.write(login.token.text())
        json.name("session_id")
        json.write(login.session.id.description)
        json.name("expires_at")
        json.write(login.session.expiresAt.iso8601)
        json.name("user")
        json.beginObject()
        json.name("id")
        json.write(login.session.userID.description)
        json.name("username")
        json.write(login.session.username)
        json.endObject()
        json.endObject()
        return .json(json.finish(), status: .created)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        var json = JSONWriter()
        json.beginObject()
        json.name("items")
        json.beginArray()
        for session in accounts.sessions(of: caller.user) {
            json.write(session, isCurrent: session === caller.session)
        }
        json.endArray()
        json.name("next_cursor")
        json.writeNull()
        json.endObject()
        return .json(json.finish())
    }

    @Sendable private func logOut(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        return try await end(caller.session.id, of: caller.user)
    }

    @Sendable private func end(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        guard let id = SessionID(request.parameter("id")) else { throw Problem.notFound("There is no such session.") }
        return try await end(id, of: caller.user)
    }

    private func end(_ session: SessionID, of user: UserID) async throws -> Response {
        try await accounts.endSession(session, of: user)
        await engines.closeIfUnneeded(user, reason: .logout)
        return Response(.noContent)
    }

    /// All others; with `?research=true` also the researches, which a log-out alone does not end.
    @Sendable private func endOthers(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let endsResearch = try request.flag("research")
        try await accounts.endSessions(of: caller.user, except: caller.session)
        if endsResearch { try await researches.cancelAll(by: try authentication.access(of: request)) }
        return Response(.noContent)
    }
}

extension Request {
    /// A query parameter that is `true` or `false`; false without one.
    fileprivate func flag(_ name: String) throws -> Bool {
        switch query(name) {
        case nil, "false": return false
        case "true": return true
        default: throw Problem.invalidField(name, "must be 'true' or 'false'")
        }
    }
}

extension JSONWriter {
    /// Writes one entry of a user's own list of sessions.
    fileprivate mutating func write(_ session: Session, isCurrent: Bool) {
        beginObject()
        name("id")
        write(session.id.description)
        name("created")
        write(session.created.iso8601)
        name("last_seen")
        write(session.lastSeen.iso8601)
        name("expires")
        write(session.expiresAt.iso8601)
        name("address")
        write(session.address)
        name("user_agent")
        write(session.userAgent)
        name("current")
        write(isCurrent)
        endObject()
    }
}
