import GRDB
import Hummingbird
import Logging

/// What a team that writes Swift would put together: Hummingbird, and one `DatabasePool` of plain SQLite for each user.
///
/// `rival PORT DIRECTORY` serves the databases that the directory's `tokens` lists.
@main
struct Rival {
    static func main() async throws {
        guard CommandLine.arguments.count == 3, let port = Int(CommandLine.arguments[1]) else {
            fatalError("usage: rival PORT DIRECTORY")
        }
        let users = try Users(directory: CommandLine.arguments[2])
        let router = Router()
        router.post("/v1/query") { request, context in
            guard let pool = users.database(for: request) else { throw HTTPError(.unauthorized) }
            let query = try await request.decode(as: Query.self, context: context)
            return try await query.run(on: pool)
        }
        var logger = Logger(label: "rival")
        logger.logLevel = .notice
        let application = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
        try await application.runService()
    }
}
