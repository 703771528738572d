import Accounts
import Backups
import HTTPServer
import JSON
import Research
import SQLCipher
import Timekeeping
import UserEngines

/// How far a backup has come, while it is made, as Server-Sent Events
/// (https://html.spec.whatwg.org/multipage/server-sent-events.html).
///
/// Its progress is a pair of numbers, and who is late wants the last pair alone: so nothing is kept for anybody, and
/// each listener looks at the numbers a few times a second, holding no thread meanwhile.
struct BackupEventRoutes: Sendable {
    private static let interval: Duration = .milliseconds(250)

    let authentication: Authentication
    let backups: Backups
    /// Whose streams end when the server stops, and these with them.
    let events: ResearchEvents

    func add(to router: inout Router) {
        router.on(.get, "/v1/backups/{id}/events", dispatch: .light, handler: listen)
    }

    @Sendable private func listen(_ request: Request) async throws -> Response {
        let caller = try authentication.session(of: request)
        let id = try request.backupID
        let body: Response.Body
        if let run = backups.running(of: caller.user), run.id == id {
            body = .stream { try await follow(run, by: caller.access, $0) }
        } else {
            body = .bytes(Bytes(EventStreamText.retry + (try await outcome(of: id, caller.user))))
        }
        // nginx collects a response before it passes it on, unless it is told not to
        // (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_buffering).
        return Response(headers: ["Content-Type": "text/event-stream", "X-Accel-Buffering": "no"], body: body)
    }

    private func follow(_ run: BackupRun, by access: DataAccess, _ writer: BodyWriter) async throws {
        let isEntitled = access.liveness
        try await writer.write(EventStreamText.retry)
        var told: CopyProgress?
        var last = SystemTime().now
        while backups.running(of: run.user) === run {
            guard isEntitled(), !events.isClosed else { return }
            let progress = run.progress
            if progress != told {
                try await writer.write(Self.event("progress", progress))
                (told, last) = (progress, SystemTime().now)
            } else if last.duration(to: SystemTime().now) >= ResearchEvents.heartbeatInterval {
                try await writer.write(EventStreamText.heartbeat)
                last = SystemTime().now
            }
            try await Task.sleep(for: Self.interval)
        }
        guard isEntitled() else { return }
        if run.progress != told { try await writer.write(Self.event("progress", run.progress)) }
        try await writer.write(try await outcome(of: run.id, run.user))
    }

    /// The event that a backup ends with.
    private func outcome(of id: BackupID, _ user: UserID) async throws -> [UInt8] {
        if let failed = backups.failed(of: user), failed.run.id == id { return Self.event("failed", .failed(failed)) }
        let backup = try await backups.backup(id, of: user)
        return Self.event("done", .complete(backup, hasFile: backups.hasFile(backup)))
    }

    private static func event(_ name: String, _ progress: CopyProgress) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        json.name("pages_done")
        json.write(progress.done)
        json.name("pages_total")
        json.write(progress.total)
        json.endObject()
        return EventStreamText.event(name, json.finish())
    }

    private static func event(_ name: String, _ state: BackupState) -> [UInt8] {
        var json = JSONWriter()
        json.write(state)
        return EventStreamText.event(name, json.finish())
    }
}
