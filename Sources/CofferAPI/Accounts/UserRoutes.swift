import Accounts
import HTTPServer
import JSON
import Secrets
import UserEngines

/// Registration and recovery: what works without a session.
struct UserRoutes: Sendable {
    let accounts: Accounts
    let engines: EngineRegistry
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/users", body: limits.credentialsBody, handler: register)
        router.on(.post, "/v1/recover", body: limits.credentialsBody, handler: recover)
    }

    @Sendable private func register(_ request: Request) async throws -> Response {
        var username: String?
        var password: Password?
        var wantsRecoveryCode = false
        try request.readSecretObject { name, cursor in
            switch name {
            case "username": username = try cursor.string(for: "username")
            case "password": password = try cursor.password(for: "password")
            case "recovery": wantsRecoveryCode = try cursor.bool(for: "recovery")
            default: return false
            }
            return true
        }
        let registration = try await accounts.register(
            username: username.required("username"), password: password.required("password"),
            withRecoveryCode: wantsRecoveryCode, from: Client(request),
            creatingData: { try await engines.createDatabase(of: $0, key: $1) },
            removingData: { try await engines.deleteDatabase(of: $0) })
        var json = JSONWriter()
        json.beginObject()
        json.name("user")
        json.write(registration.user)
        if let code = registration.recoveryCode {
            json.name("recovery_code")
            json.write(code.text())
        }
        json.endObject()
        return .json(json.finish(), status: .created)
    }

    @Sendable private func recover(_ request: Request) async throws -> Response {
        var username: String?
        var code: RecoveryCode??
        var newPassword: Password?
        var wantsNewCode = false
        try request.readSecretObject { name, cursor in
            switch name {
            case "username": username = try cursor.string(for: "username")
            case "recovery_code": code = .some(try cursor.recoveryCode(for: "recovery_code"))
            case "new_password": newPassword = try cursor.password(for: "new_password")
            case "recovery": wantsNewCode = try cursor.bool(for: "recovery")
            default: return false
            }
            return true
        }
        let name = try username.required("username")
        let password = try newPassword.required("new_password")
        // A text that cannot be a code is refused as a wrong code is, so that its form says nothing.
        guard let code = try code.required("recovery_code") else { throw AccountError.invalidCredentials }
        let next = try await accounts.recover(
            username: name, code: code, newPassword: password, withRecoveryCode: wantsNewCode, from: Client(request))
        // Every session has ended, and nobody else would close the engine before the next pass of the reaper.
        if let user = try await accounts.user(named: name) { await engines.closeIfUnneeded(user.id, reason: .logout) }
        var json = JSONWriter()
        json.beginObject()
        if let next {
            json.name("recovery_code")
            json.write(next.text())
        }
        json.endObject()
        return .json(json.finish())
    }
}

extension JSONWriter {
    /// Writes what a user may know of themselves.
    mutating func write(_ user: User) {
        beginObject()
        name("id")
        write(user.id.description)
        name("username")
        write(user.username)
        name("created")
        write(user.created.iso8601)
        endObject()
    }
}

extension Request {
    /// Reads a JSON object that holds secrets: the body is wiped afterwards, also when it is refused.
    func readSecretObject(_ read: (JSONStringToken, inout JSONCursor) throws -> Bool) throws {
        defer { body.wipe() }
        try body.withUnsafeBytes { try ObjectBody.read($0, read) }
    }
}

extension Client {
    /// Where a request comes from, for throttling and for the user's list of sessions.
    init(_ request: Request) {
        self.init(address: request.remoteAddress.host, userAgent: request.userAgent ?? "")
    }
}
