import CofferTesting
import JSON
import SQLCipher
import Testing

@Suite("A catalog that fails")
struct CatalogFailureTests {
    /// Each is told by another code of SQLite's, and undone by the second statement.
    static let damages: [(damage: String, repair: String)] = [
        ("ALTER TABLE users RENAME TO elsewhere", "ALTER TABLE elsewhere RENAME TO users"),
        (
            "CREATE TRIGGER refuse BEFORE INSERT ON sessions BEGIN SELECT RAISE(ABORT, 'refused'); END",
            "DROP TRIGGER refuse"
        ),
    ]

    @Test("is the server's failure, not the client's, and names nothing of the catalog", arguments: damages)
    func login(_ damage: String, _ repair: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try tamper(api, damage)
            let body = #"{"username":"\#(user.name)","password":"\#(user.password)"}"#
            let problem = try expectProblem(
                try await api.call("POST", "/v1/sessions", json: body), 503, "engine_unavailable")
            #expect(problem["detail"] == .string("The accounts are not available now."))
            #expect(problem["sqlite_code"] == nil)
            try tamper(api, repair)
            #expect(try await api.call("POST", "/v1/sessions", json: body).status == 201)
        }
    }

    private func tamper(_ api: APIFixture, _ sql: String) throws {
        let path = api.directory + "/data/catalog.db"
        let connection = try Connection.open(ConnectionConfiguration(path: path, fileSystem: .unix), key: nil)
        defer { _ = try? connection.close() }
        try connection.execute(sql)
    }
}
