import Backups
import HTTPServer
import JSON

/// A user's way in with a database of their own.
struct ImportRoutes: Sendable {
    let authentication: Authentication
    let backups: Backups
    let limits: APILimits

    func add(to router: inout Router) {
        // The minimum rate of bodies bounds how long it may take.
        router.on(
            .put, "/v1/import", body: .streamed(limit: Int64(limits.databaseBytes)), dispatch: .worker,
            handler: replaceDatabase)
    }

    @Sendable private func replaceDatabase(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let passphrase = try request.passphrase()
        guard let body = request.bodyStream else { throw Problem.internalError }
        let result = try await backups.importDatabase(
            of: caller.access, from: body, byteCount: request.header("Content-Length").flatMap { Int64($0) },
            passphrase: passphrase)
        var json = JSONWriter()
        json.beginObject()
        json.name("database_bytes")
        json.write(result.byteCount)
        json.name("foreign_key_violations")
        if let count = result.foreignKeyViolations { json.write(count) } else { json.writeNull() }
        json.name("safety_backup")
        if let safety = result.safetyBackup {
            json.write(.complete(safety, hasFile: backups.hasFile(safety)))
        } else {
            json.writeNull()
        }
        json.endObject()
        return .json(json.finish())
    }
}
