import CofferTesting
import JSON
import Testing

/// A registered user with one session.
struct APIUser: Sendable {
    let name: String
    let password: String
    let id: String
    let token: String
    let sessionID: String
}

extension APIFixture {
    /// Sends a request on the kept connection.
    func call(
        _ method: String, _ path: String, as token: String? = nil, headers: [(String, String)] = [],
        json: String? = nil, body: [UInt8]? = nil
    ) async throws -> HTTPReply {
        try await client.call(method, path, as: token, headers: headers, json: json, body: body)
    }

    /// Registers a user; the password is made of the name.
    func register(_ name: String, recovery: Bool = false) async throws -> HTTPReply {
        try await call(
            "POST", "/v1/users",
            json: #"{"username":"\#(name)","password":"\#(Self.password(of: name))","recovery":\#(recovery)}"#)
    }

    /// Logs a user in.
    func logIn(_ name: String, password: String? = nil, remember: Bool = false) async throws -> HTTPReply {
        try await call(
            "POST", "/v1/sessions",
            json:
                #"{"username":"\#(name)","password":"\#(password ?? Self.password(of: name))","remember":\#(remember)}"#
        )
    }

    /// Registers a user and logs them in.
    func makeUser(_ name: String = "ada") async throws -> APIUser {
        let registration = try await register(name)
        try #require(registration.status == 201, "\(registration)")
        return try await session(of: name)
    }

    /// Begins another session of a user.
    func session(of name: String) async throws -> APIUser {
        let login = try await logIn(name)
        try #require(login.status == 201, "\(login)")
        let json = try login.json
        return APIUser(
            name: name, password: Self.password(of: name), id: try #require(json["user"]?["id"]?.stringValue),
            token: try #require(json["token"]?.stringValue), sessionID: try #require(json["session_id"]?.stringValue))
    }

    static func password(of name: String) -> String { "secret of \(name)" }

    /// Runs one statement. `arguments` is JSON; `options` a query string with its question mark.
    func query(
        _ sql: String, _ arguments: String? = nil, options: String = "", as user: APIUser
    ) async throws -> HTTPReply {
        try await client.query(sql, arguments, options: options, as: user)
    }

    /// Runs one statement that must succeed.
    @discardableResult
    func rows(
        _ sql: String, _ arguments: String? = nil, options: String = "", as user: APIUser,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let reply = try await query(sql, arguments, options: options, as: user)
        try #require(reply.status == 200, "\(reply)", sourceLocation: sourceLocation)
        return try #require(try reply.json["rows"], sourceLocation: sourceLocation)
    }

    /// Runs statements together. `statements` and `more` are JSON.
    func batch(
        _ statements: String, _ more: String = "", options: String = "", as user: APIUser
    ) async throws -> HTTPReply {
        try await call(
            "POST", "/v1/query/batch" + options, as: user.token, json: #"{"statements":\#(statements)\#(more)}"#)
    }
}

extension HTTPClient {
    func call(
        _ method: String, _ path: String, as token: String? = nil, headers: [(String, String)] = [],
        json: String? = nil, body: [UInt8]? = nil
    ) throws -> HTTPReply {
        var headers = headers
        if let token { headers.append(("Authorization", "Bearer \(token)")) }
        if let json { return try request(method, path, headers: headers, json: json) }
        return try request(method, path, headers: headers, body: body)
    }

    func query(_ sql: String, _ arguments: String? = nil, options: String = "", as user: APIUser) throws -> HTTPReply {
        try call("POST", "/v1/query" + options, as: user.token, json: queryBody(sql, arguments))
    }

    /// Sends a statement and does not wait for its reply.
    func sendQuery(_ sql: String, options: String = "", as user: APIUser) throws {
        try send(
            Self.encode(
                "POST", "/v1/query" + options,
                headers: [("Authorization", "Bearer \(user.token)"), ("Content-Type", "application/json")],
                body: Array(queryBody(sql, nil).utf8)))
    }
}

/// The body of `POST /v1/query`.
func queryBody(_ sql: String, _ arguments: String?) -> String {
    #"{"sql":\#(quoted(sql))\#(arguments.map { #","args":\#($0)"# } ?? "")}"#
}

/// A text as a JSON string.
func quoted(_ text: String) -> String {
    var writer = JSONWriter()
    writer.write(text)
    return String(decoding: writer.finish(), as: UTF8.self)
}

/// A JSON text as a value; traps if it is none.
func json(_ text: String) -> JSONValue {
    try! JSONValue(parsing: Array(text.utf8))
}

extension HTTPReply {
    /// The body as JSON.
    var json: JSONValue {
        get throws { try JSONValue(parsing: body) }
    }
}
