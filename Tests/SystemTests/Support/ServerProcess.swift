import CofferTesting
import Glibc
import JSON
import Testing

/// The built program, which lies beside the test bundle.
enum Program {
    static let path: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = readlink("/proc/self/exe", &buffer, buffer.count)
        let executable = String(decoding: buffer[..<max(0, count)].map(UInt8.init(bitPattern:)), as: UTF8.self)
        let path = executable.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/coffer"
        precondition(access(path, X_OK) == 0, "\(path) has not been built")
        return path
    }()

    /// Settings that make passwords cheap; nothing else of the test's environment reaches the program.
    static let environment = ["COFFER_PASSWORD_MEMORY": "8KiB", "COFFER_PASSWORD_OPERATIONS": "1", "TZ": "UTC"]

    /// Runs a command to its end.
    static func run(
        _ arguments: [String], environment: [String: String] = [:], in directory: TemporaryDirectory,
        input: String = "", file: StaticString = #fileID, line: UInt = #line
    ) async throws -> ChildProcess.Outcome {
        try await ChildProcess.run(
            path, arguments, environment: environment, in: directory.path, input: Array(input.utf8), file: file,
            line: line)
    }
}

/// A server in a process of its own.
final class ServerProcess: Sendable {
    let process: ChildProcess
    let port: UInt16
    let data: String
    let client: HTTPClient

    private init(_ process: ChildProcess, port: UInt16, data: String) throws {
        self.process = process
        self.port = port
        self.data = data
        client = try HTTPClient(port: port)
    }

    /// Starts a server, on a free port unless told, runs `body`, and sees to it that the process is gone afterwards.
    ///
    /// - Parameter limit: a limit of the process in the words of `ulimit`, such as `-n 128`, both soft and hard.
    static func run(
        in directory: TemporaryDirectory, port: UInt16 = 0, _ arguments: [String] = [],
        environment: [String: String] = [:], limit: String? = nil, file: StaticString = #fileID,
        line: UInt = #line, _ body: (ServerProcess) async throws -> Void
    ) async throws {
        let data = directory.file("data")
        let command = [Program.path, "serve", "--port", "\(port)", "--data-directory", data] + arguments
        // The shell sets the limit and becomes the program.
        let limited =
            limit.map { ["/bin/sh", "-c", #"ulimit \#($0) && exec "$0" "$@""#] + command } ?? command
        let process = ChildProcess(
            limited[0], Array(limited[1...]), environment: Program.environment.merging(environment) { $1 },
            in: directory.path)
        do {
            let server = try ServerProcess(
                process, port: try await announcedPort(of: process, file: file, line: line), data: data)
            do {
                try await body(server)
            } catch {
                await server.client.close()
                throw error
            }
            await server.client.close()
        } catch {
            process.killNow()
            Issue.record("the server wrote: \(process.errors)\(process.output)")
            throw error
        }
        process.killNow()
    }

    /// The port of the line that a server writes when it listens.
    private static func announcedPort(
        of process: ChildProcess, file: StaticString, line: UInt
    ) async throws -> UInt16 {
        var port: UInt16?
        try await eventually(file: file, line: line) {
            port = process.output.split(separator: "\n").lazy
                .compactMap { $0.firstMatch(of: #/listening on http://127\.0\.0\.1:(\d+)\b/#) }
                .first.flatMap { UInt16($0.1) }
            return port != nil
        }
        return port!
    }

    /// Asks the server to stop and waits until it has.
    func stop() async throws -> ChildProcess.Ending {
        process.send(SIGTERM)
        return try await process.wait()
    }

    /// What the server has written, log and start line.
    var written: String { process.errors + process.output }
}

/// A logged-in user of a server process.
struct SystemUser: Sendable {
    let name: String
    let password: String
    let token: String

    /// Name and password as JSON.
    var credentials: String { #"{"username":"\#(name)","password":"\#(password)"}"# }
}

extension ServerProcess {
    func call(_ method: String, _ path: String, as user: SystemUser? = nil, json: String? = nil) async throws
        -> HTTPReply
    {
        let headers = user.map { [("Authorization", "Bearer \($0.token)")] } ?? []
        if let json { return try await client.request(method, path, headers: headers, json: json) }
        return try await client.request(method, path, headers: headers)
    }

    func makeUser(_ name: String, password: String = "correct horse") async throws -> SystemUser {
        let user = SystemUser(name: name, password: password, token: "")
        let registration = try await call("POST", "/v1/users", json: user.credentials)
        try #require(registration.status == 201, "\(registration)")
        return try await login(user)
    }

    /// The same user with the token of a new session.
    func login(_ user: SystemUser) async throws -> SystemUser {
        let login = try await call("POST", "/v1/sessions", json: user.credentials)
        let token = try #require(try JSONValue(parsing: login.body)["token"]?.stringValue, "\(login)")
        return SystemUser(name: user.name, password: user.password, token: token)
    }

    /// Runs a statement that must succeed; its rows. `arguments` is JSON.
    @discardableResult
    func rows(_ sql: String, _ arguments: String = "[]", as user: SystemUser) async throws -> JSONValue {
        let reply = try await call("POST", "/v1/query", as: user, json: #"{"sql":"\#(sql)","args":\#(arguments)}"#)
        try #require(reply.status == 200, "\(reply)")
        return try #require(try JSONValue(parsing: reply.body)["rows"])
    }
}
