import Accounts
import Backups
import HTTPServer
import JSON
import Secrets
import UserEngines

/// What a user does with their own account.
struct MeRoutes: Sendable {
    let accounts: Accounts
    let authentication: Authentication
    let backups: Backups
    let engines: EngineRegistry
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.get, "/v1/me", handler: describe)
        router.on(.delete, "/v1/me", body: limits.credentialsBody, handler: delete)
        router.on(.put, "/v1/me/password", body: limits.credentialsBody, handler: changePassword)
        router.on(.post, "/v1/me/recovery-code", body: limits.credentialsBody, handler: renewRecoveryCode)
        router.on(.post, "/v1/me/rotate-key", body: limits.credentialsBody, handler: rotateKey)
    }

    @Sendable private func describe(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        guard let user = try await accounts.user(caller.user) else { throw AccountError.invalidToken }
        var json = JSONWriter()
        json.beginObject()
        json.name("id")
        json.write(user.id.description)
        json.name("username")
        json.write(user.username)
        json.name("created")
        json.write(user.created.iso8601)
        json.name("database_bytes")
        json.write(engines.databaseSize(of: user.id))
        json.name("backups")
        json.write(try await backups.backups(of: user.id).count)
        json.name("sessions")
        json.write(accounts.sessions(of: user.id).count)
        json.name("active_research")
        json.write(accounts.researchLeases(of: user.id).count)
        json.endObject()
        return .json(json.finish())
    }

    @Sendable private func changePassword(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        var current: Password?
        var new: Password?
        try request.readSecretObject { name, cursor in
            switch name {
            case "current": current = try cursor.password(for: "current")
            case "new": new = try cursor.password(for: "new")
            default: return false
            }
            return true
        }
        try await accounts.changePassword(
            of: caller.session, from: current.required("current"), to: new.required("new"), client: Client(request))
        return Response(.noContent)
    }

    @Sendable private func renewRecoveryCode(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let code = try await accounts.renewRecoveryCode(
            of: caller.session, password: try password(of: request), client: Client(request))
        var json = JSONWriter()
        json.beginObject()
        json.name("recovery_code")
        json.write(code.text())
        json.endObject()
        return .json(json.finish())
    }

    /// The seals go first: from then on nothing opens the files, which go next.
    @Sendable private func delete(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        try await accounts.deleteUser(
            of: caller.session, password: try password(of: request), client: Client(request),
            removingData: { try await backups.deleteFiles(of: $0) })
        return Response(.noContent)
    }

    /// Needs the password: a token alone shall not be able to keep a database busy.
    @Sendable private func rotateKey(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let userKey = try await accounts.unlockUserKey(
            of: caller.session, password: try password(of: request), client: Client(request))
        try await backups.rotateKey(of: caller.user, userKey: userKey)
        return Response(.noContent)
    }

    private func password(of request: Request) throws -> Password {
        var password: Password?
        try request.readSecretObject { name, cursor in
            guard case "password" = name else { return false }
            password = try cursor.password(for: "password")
            return true
        }
        return try password.required("password")
    }
}
