import Accounts
import HTTPServer
import JSON
import Timekeeping
import UserEngines

/// What an operator sees and does: the engines, closing one, and a pass of the reaper.
struct AdminRoutes: Sendable {
    let accounts: Accounts
    let engines: EngineRegistry
    let reaper: Reaper
    let operators: OperatorAccess

    func add(to router: inout Router) {
        router.on(.get, "/v1/admin/engines", handler: list)
        router.on(.post, "/v1/admin/engines/{user}/close", handler: close)
        router.on(.post, "/v1/admin/reap", handler: reap)
    }

    @Sendable private func list(_ request: Request) async throws -> Response {
        try operators.requireOperator(request)
        var json = JSONWriter()
        json.beginObject()
        json.name("items")
        json.beginArray()
        let researches = Dictionary(grouping: accounts.researchLeases, by: \.userID)
        for engine in engines.descriptions() { json.write(engine, researches: researches[engine.user]?.count ?? 0) }
        json.endArray()
        json.name("next_cursor")
        json.writeNull()
        json.endObject()
        return .json(json.finish())
    }

    /// Closes an engine whoever uses it; the sessions stay, and their tokens open it again.
    @Sendable private func close(_ request: Request) async throws -> Response {
        try operators.requireOperator(request)
        guard let user = try await user(request.parameter("user")) else {
            throw Problem.notFound("There is no such user.")
        }
        guard await engines.forceClose(user, reason: .admin) else { throw EngineError.unavailable }
        return Response(.noContent)
    }

    @Sendable private func reap(_ request: Request) async throws -> Response {
        try operators.requireOperator(request)
        let report = await reaper.pass()
        var json = JSONWriter()
        json.beginObject()
        json.name("started")
        json.write(report.start.iso8601)
        json.name("duration_ms")
        json.write(report.duration.inSeconds * 1000)
        json.name("closed")
        json.write(report.closed)
        json.name("failed")
        json.write(report.failed)
        json.name("skipped")
        json.write(report.skipped)
        json.endObject()
        return .json(json.finish())
    }

    /// A user by id, or by `name:NAME`.
    private func user(_ text: String) async throws -> UserID? {
        if text.hasPrefix("name:") { return try await accounts.user(named: String(text.dropFirst(5)))?.id }
        guard let id = UserID(text) else { return nil }
        return try await accounts.user(id)?.id
    }
}

extension JSONWriter {
    fileprivate mutating func write(_ engine: EngineDescription, researches: Int) {
        beginObject()
        name("user")
        write(engine.user.description)
        name("requests")
        write(engine.uses)
        name("active")
        write(engine.isActive)
        name("active_research")
        write(researches)
        name("unused_seconds")
        write(engine.unused.inSeconds)
        for (role, pool) in [("reader", engine.readers), ("writer", engine.writers), ("service", engine.services)] {
            name(escaping: role)
            beginObject()
            name("idle")
            write(pool.idle)
            name("leased")
            write(pool.leased)
            name("waiting")
            write(pool.waiting)
            endObject()
        }
        endObject()
    }
}
