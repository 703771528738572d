import Accounts
import Backups
import HTTPServer
import JSON
import UserEngines

/// A user's own backups.
struct BackupRoutes: Sendable {
    let authentication: Authentication
    let backups: Backups
    let limits: APILimits

    func add(to router: inout Router) {
        router.on(.post, "/v1/backups", body: limits.jsonBody, handler: make)
        router.on(.get, "/v1/backups", handler: list)
        router.on(.get, "/v1/backups/{id}", handler: describe)
        router.on(.delete, "/v1/backups/{id}", handler: delete)
        router.on(.get, "/v1/backups/{id}/content", handler: content)
        router.on(.post, "/v1/backups/{id}/verify", handler: verify)
        router.on(.post, "/v1/backups/{id}/restore", handler: restore)
    }

    /// With `Prefer: respond-async` (https://www.rfc-editor.org/rfc/rfc7240#section-4.1) answers at once.
    @Sendable private func make(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let run = try backups.begin(with: caller.access, label: try label(of: request))
        if request.prefersAsynchronousResponse {
            var response = Response.json(json(.running(run)), status: .accepted)
            response.headers["Location"] = "/v1/backups/\(run.id)"
            response.headers["Preference-Applied"] = "respond-async"
            return response
        }
        return response(to: .complete(try await run.value(), hasFile: true), .created)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        var items = try await backups.backups(of: caller.user).map { state(of: $0) }
        if let run = backups.running(of: caller.user) { items.insert(.running(run), at: 0) }
        var json = JSONWriter()
        json.beginObject()
        json.name("items")
        json.beginArray()
        for item in items { json.write(item) }
        json.endArray()
        json.name("next_cursor")
        json.writeNull()
        json.endObject()
        return .json(json.finish())
    }

    @Sendable private func describe(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let id = try request.backupID
        if let run = backups.running(of: caller.user), run.id == id { return response(to: .running(run)) }
        if let failed = backups.failed(of: caller.user), failed.run.id == id { return response(to: .failed(failed)) }
        return response(to: state(of: try await backups.backup(id, of: caller.user)))
    }

    @Sendable private func delete(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        try await backups.delete(request.backupID, of: caller.user)
        return Response(.noContent)
    }

    @Sendable private func content(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let backup = try await backups.backup(request.backupID, of: caller.user)
        return try FileDownload(
            path: backups.path(of: backup), entityTag: "\"\(backup.id)\"",
            permit: try await backups.beginDownload(of: backup)
        ).response(to: request)
    }

    @Sendable private func verify(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let id = try request.backupID
        try await backups.verify(id, of: caller.user, userKey: caller.access.userKey())
        return response(to: state(of: try await backups.backup(id, of: caller.user)))
    }

    @Sendable private func restore(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let parts: Backups.Parts =
            switch request.query("parts") {
            case nil, "database": .database
            case "all": .all
            default: throw Problem.invalidField("parts", "must be 'database' or 'all'")
            }
        let id = try request.backupID
        let safety = try await backups.restore(id, of: caller.user, parts: parts, userKey: caller.access.userKey())
        var json = JSONWriter()
        json.beginObject()
        json.name("restored")
        json.write(id.description)
        json.name("safety_backup")
        if let safety { json.write(state(of: safety)) } else { json.writeNull() }
        json.endObject()
        return .json(json.finish())
    }

    /// The body may be missing.
    private func label(of request: Request) throws -> String? {
        guard request.body.count > 0 else { return nil }
        var label: String?
        try request.body.withUnsafeBytes { bytes in
            try ObjectBody.read(bytes) { name, cursor in
                guard case "label" = name else { return false }
                label = try cursor.string(for: "label")
                return true
            }
        }
        guard label.map({ (1...200).contains($0.utf8.count) }) ?? true else {
            throw Problem.invalidField("label", "must have 1 to 200 bytes")
        }
        return label
    }

    private func state(of backup: BackupRecord) -> BackupState {
        .complete(backup, hasFile: backups.hasFile(backup))
    }

    private func response(to state: BackupState, _ status: HTTPStatus = .ok) -> Response {
        .json(json(state), status: status)
    }

    private func json(_ state: BackupState) -> Bytes {
        var json = JSONWriter()
        json.write(state)
        return json.finish()
    }
}

extension Request {
    var backupID: BackupID {
        get throws {
            guard let id = BackupID(parameter("id")) else { throw BackupError.notFound }
            return id
        }
    }

    fileprivate var prefersAsynchronousResponse: Bool {
        headers.values(of: "Prefer").contains { value in
            value.split(separator: ",").contains { preference in
                preference.prefix { $0 != ";" }.trimmed().lowercased() == "respond-async"
            }
        }
    }
}
