import Foundation
import GRDB
import Hummingbird

/// The sessions, and the open database of each user.
struct Users: Sendable {
    private let pools: [String: DatabasePool]

    /// Reads `tokens`, lines of a token and a database's file name, and opens the databases.
    init(directory: String) throws {
        var configuration = Configuration()
        configuration.maximumReaderCount = 3
        var pools: [String: DatabasePool] = [:]
        for line in try String(contentsOfFile: "\(directory)/tokens", encoding: .utf8).split(separator: "\n") {
            let fields = line.split(separator: " ")
            let pool = try DatabasePool(path: "\(directory)/\(fields[1])", configuration: configuration)
            // A pool sets its writer to NORMAL, by which the latest commits may be lost when the power fails.
            try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
            pools[String(fields[0])] = pool
        }
        self.pools = pools
    }

    func database(for request: Request) -> DatabasePool? {
        guard let field = request.headers[.authorization], field.hasPrefix("Bearer ") else { return nil }
        return pools[String(field.dropFirst("Bearer ".count))]
    }
}
