import CofferTesting
import JSON
import Testing

/// What a server has left: two users, each with a backup.
struct LeftData {
    let directory: TemporaryDirectory
    let path: String
    let ada: SystemUser
    let bob: SystemUser

    /// Has a server make the data and stops it; `body` looks at what it left.
    static func make(_ body: (LeftData) async throws -> Void) async throws {
        try await withTemporaryDirectory { directory in
            var left: LeftData?
            try await ServerProcess.run(in: directory) { server in
                let data = LeftData(
                    directory: directory, path: server.data, ada: try await server.makeUser("ada"),
                    bob: try await server.makeUser("bob", password: "another horse"))
                for user in [data.ada, data.bob] {
                    try await server.rows("CREATE TABLE notes(text)", as: user)
                    try await server.rows("INSERT INTO notes VALUES (?)", #"["of \#(user.name)'s"]"#, as: user)
                    let made = try await server.call("POST", "/v1/backups", as: user)
                    try #require(made.status == 201, "\(made)")
                }
                #expect(try await server.stop() == .exit(0))
                left = data
            }
            try await body(try #require(left))
        }
    }

    /// Runs a command on the data.
    func run(_ arguments: [String], input: String = "") async throws -> ChildProcess.Outcome {
        try await Program.run(
            arguments + ["--data-directory", path], environment: Program.environment, in: directory, input: input)
    }

    /// The files whose path ends so.
    func paths(endingIn suffix: String) -> [String] {
        FileTree.paths(under: path).filter { $0.hasSuffix(suffix) }
    }

    /// The files of backups.
    var backups: [String] { FileTree.paths(under: path).filter { $0.contains("/backups/") } }
}
