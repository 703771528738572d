import Backups
import HTTPServer
import Timekeeping

/// A user's way out, with all that is in their database.
struct ExportRoutes: Sendable {
    let authentication: Authentication
    let backups: Backups

    func add(to router: inout Router) {
        router.on(.get, "/v1/export", dispatch: .worker, handler: export)
    }

    private enum Format: String {
        case sqlcipher
        case sqlite
        case sql

        /// https://www.iana.org/assignments/media-types/application/vnd.sqlite3
        var contentType: String {
            switch self {
            case .sqlcipher: "application/octet-stream"
            case .sqlite: "application/vnd.sqlite3"
            case .sql: "application/sql; charset=utf-8"
            }
        }

        var fileExtension: String {
            switch self {
            case .sqlcipher: "db"
            case .sqlite: "sqlite3"
            case .sql: "sql"
            }
        }
    }

    @Sendable private func export(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        guard let format = request.query("format").flatMap({ Format(rawValue: $0) }) else {
            throw Problem.invalidField("format", "must be 'sqlcipher', 'sqlite' or 'sql'")
        }
        let passphrase = try request.passphrase()
        let missingPassphrase = Problem.invalidField("\(Request.passphraseField)", "is missing")
        if format == .sqlcipher, passphrase == nil { throw missingPassphrase }
        var response = Response(headers: headers(of: format))
        // What a HEAD asks for can be said without making it, but for the length.
        guard request.method != .head else {
            response.body = .stream { _ in }
            return response
        }
        switch (format, passphrase) {
        case (.sqlcipher, let passphrase?):
            let export = try await backups.exportEncrypted(with: caller.access, passphrase: passphrase)
            guard let descriptor = export.takeDescriptor() else { throw Problem.internalError }
            response.body = .file(
                FileContent(descriptor: descriptor, count: export.byteCount, companion: export))
        case (.sqlite, _):
            let export = try await backups.exportPlain(with: caller.access)
            response.body = .stream(length: export.byteCount) { writer in
                try await export.write { try await writer.write($0) }
            }
        case (.sqlcipher, nil): throw missingPassphrase
        case (.sql, _):
            let export = try await backups.exportText(with: caller.access)
            response.body = .stream { writer in try await export.write { try await writer.write($0) } }
        }
        return response
    }

    private func headers(of format: Format) -> ResponseHeaders {
        let time = SystemTime().unixTime.iso8601.prefix { $0 != "." }.filter { $0 != "-" && $0 != ":" }
        return [
            "Content-Type": format.contentType,
            "Content-Disposition": "attachment; filename=\"coffer-\(time)Z.\(format.fileExtension)\"",
        ]
    }
}
