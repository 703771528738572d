import CofferTesting
import JSON
import Synchronization
import Testing

@testable import CofferAPI
@testable import UserEngines

@Suite("Results as lines of JSON")
struct LineTests {
    private static let counting =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n LIMIT 60000) SELECT i, 'row ' || i AS t FROM n"
    private static let endless =
        "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT i, 'a text' FROM n"

    @Test("there are a line of columns, one for each row, and one of counts") func format() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", as: user)
            let values: [(sql: String, line: String)] = [
                ("NULL", "null"), ("9007199254740993", "9007199254740993"), ("1.0", "1.0"),
                ("9e999", #"{"float":"Infinity"}"#), ("-9e999", #"{"float":"-Infinity"}"#), ("'a \" b'", #""a \" b""#),
                ("char(10)", #""\n""#), ("CAST(x'80' AS TEXT)", #"{"text_base64":"gA=="}"#),
                ("x'0001'", #"{"base64":"AAE="}"#),
                ("''", #""""#), ("zeroblob(0)", #"{"base64":""}"#),
            ]
            for value in values { try await api.rows("INSERT INTO t(v) VALUES (\(value.sql))", as: user) }
            let reply = try await api.lines("SELECT id, v FROM t", as: user.token)
            #expect(reply.status == 200)
            #expect(reply.header("Content-Type") == "application/x-ndjson")
            let lines = reply.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            #expect(lines.first == #"{"columns":[{"name":"id","type":"INTEGER"},{"name":"v","type":null}]}"#)
            #expect(Array(lines.dropFirst().dropLast(2)) == values.enumerated().map { "[\($0 + 1),\($1.line)]" })
            let end = json(lines[lines.count - 2])
            #expect(end["rows_affected"] == .integer(0))
            #expect(end["fullscan_steps"] == .integer(Int64(values.count - 1)))
            #expect(end["truncated"] == .bool(false))
            #expect(end["duration_ms"] != nil && end["last_insert_rowid"] == .string("0"))
            #expect(lines.last == "", "the last line ends like the others")
        }
    }

    @Test("rows as objects, integers as strings, no rows at all") func options() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let objects = try await api.lines(
                "SELECT 1 AS a, 2 AS a", options: "?rows=objects&integers=string", as: user.token)
            #expect(objects.text.split(separator: "\n")[1] == #"{"a":"1","a:2":"2"}"#)
            let none = try await api.lines("SELECT 1 AS a WHERE 0", as: user.token)
            #expect(none.text.split(separator: "\n").count == 2)
        }
    }

    @Test("a result of any size comes whole, with a piece of it in memory") func large() async throws {
        try await APIFixture.run {
            $0.limits.responseRows = 10
            $0.limits.responseBytes = 1000
        } _: { api in
            let user = try await api.makeUser()
            let reply = try await api.lines(Self.counting, as: user.token)
            let lines = reply.text.split(separator: "\n")
            #expect(lines.count == 60_002)
            #expect(lines.dropFirst().dropLast().enumerated().allSatisfy { $1 == "[\($0 + 1),\"row \($0 + 1)\"]" })
            #expect(json(String(lines.last!))["truncated"] == .bool(false))
            let tooLarge = try await api.lines("SELECT printf('%2000d', 1)", as: user.token)
            #expect(
                json(String(tooLarge.text.split(separator: "\n").last!))["error"]?["code"]
                    == .string("statement_memory"))
        }
    }

    @Test(
        "what fails before the first row has been sent has its own status",
        arguments: [
            ("SELECT nothing", 400, "sql_error"), ("", 400, "no_statement"),
            ("SELECT 1; SELECT 2", 400, "multiple_statements"),
            ("SELECT ?", 400, "invalid_argument"), ("ATTACH 'x' AS x", 403, "not_authorized"),
            ("SELECT abs(-9223372036854775808)", 400, "sql_error"), ("BEGIN", 400, "transaction_left_open"),
        ])
    func refused(sql: String, status: Int, code: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.lines(sql, as: user.token)
            #expect(reply.status == status)
            #expect(reply.header("Content-Type") == "application/problem+json")
            #expect(try reply.json["code"] == .string(code))
            #expect(try await api.lines(sql, as: nil).status == 401)
        }
    }

    @Test("an error after that is the last line, with the rows before it") func errorWithin() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let failing = Self.counting.replacing(
                "SELECT i,", with: "SELECT abs(CASE i WHEN 50000 THEN -9223372036854775808 ELSE i END),")
            let reply = try await api.lines(failing, as: user.token)
            #expect(reply.status == 200)
            let lines = reply.text.split(separator: "\n")
            #expect(lines.count > 1000 && lines.count < 50_001)
            let error = try #require(json(String(lines.last!))["error"])
            #expect(error["code"] == .string("sql_error") && error["status"] == .integer(400))
            #expect(error["request_id"]?.stringValue == reply.header("X-Request-ID"))
            // Goes on for ever after two pieces, without a row.
            let late = try await api.lines(
                Self.endless + " WHERE i < 8000", options: "?timeout_ms=2000", as: user.token)
            #expect(late.status == 200)
            let end = json(String(late.text.split(separator: "\n").last!))
            #expect(end["error"]?["code"] == .string("statement_timeout"))
        }
    }

    @Test("a statement that writes is run to its end, and its rows are bounded like those of a reply") func writes()
        async throws
    {
        try await APIFixture.run {
            $0.limits.responseRows = 2
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY)", as: user)
            let reply = try await api.lines("INSERT INTO t VALUES (4), (5), (6) RETURNING id", as: user.token)
            let lines = reply.text.split(separator: "\n")
            #expect(lines[1..<3] == ["[4]", "[5]"])
            let end = json(String(lines[3]))
            #expect(end["rows_affected"] == .integer(3) && end["last_insert_rowid"] == .string("6"))
            #expect(end["truncated"] == .bool(true))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[3]]"))
        }
    }

    @Test(
        "lines are sent when the client weighs them no less than JSON",
        arguments: [
            ("application/x-ndjson", true), ("Application/X-NDJSON; q=0.5, */*;q=0.1", true),
            ("application/json, application/x-ndjson", true), ("application/json, application/x-ndjson;q=0.9", false),
            ("application/x-ndjson;q=0", false), ("*/*", false), ("text/html", false),
            ("application/ndjsonl, application/x-ndjso", false),
        ])
    func negotiation(accept: String, isLines: Bool) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.lines("SELECT 1", accept: accept, as: user.token)
            #expect(reply.status == 200)
            #expect(reply.header("Content-Type") == (isLines ? "application/x-ndjson" : "application/json"))
            #expect(
                try await api.call("HEAD", "/v1/query", as: user.token, headers: [("Accept", accept)]).status == 405)
        }
    }

    @Test("a client that goes away ends its statement, and the reader comes back") func clientGone() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for round in 0..<4 {
                let client = try HTTPClient(port: api.server.port)
                try await client.sendLines(Self.endless, as: user.token)
                if round % 2 == 0 { _ = try await client.readHead() }
                await client.close()
                try await eventually {
                    api.engines.census().total.occupancy.leased == 0 && api.server.requestsInFlight == 0
                }
            }
            try await api.rows("SELECT 1", as: user)
        }
    }

    @Test("a client that takes nothing holds neither the reader nor memory for long") func slowClient() async throws {
        try await APIFixture.run {
            $0.limits.stallTimeout = .milliseconds(300)
        } _: { api in
            let user = try await api.makeUser()
            let client = try HTTPClient(port: api.server.port, receiveBuffer: 4096)
            try await client.sendLines(Self.endless, as: user.token)
            #expect(try await client.readHead().status == 200)
            try await eventually { api.engines.census().readers.occupancy.leased == 1 }
            try await eventually { api.engines.census().readers.occupancy.leased == 0 }
            try await client.waitUntilClosed()
            await client.close()
        }
    }

    @Test("a reader that waits for a slow client gives way when the log has to be emptied") func oldSnapshot()
        async throws
    {
        try await APIFixture.run {
            $0.engines.maximumLogBytes = 200_000
            $0.engines.logPatience = .milliseconds(20)
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let client = try HTTPClient(port: api.server.port, receiveBuffer: 4096)
            try await client.sendLines(
                Self.endless.replacing("FROM n)", with: "FROM n, t UNION ALL SELECT i + 1 FROM n)"), as: user.token)
            #expect(try await client.readHead().status == 200)
            for _ in 0..<20 { try await api.rows("INSERT INTO t VALUES (zeroblob(20000))", as: user) }
            try await eventually { api.engines.census().readers.occupancy.leased == 0 }
            let last = try await client.lastLine()
            #expect(json(last)["error"]?["code"] == .string("engine_unavailable"))
            await client.close()
        }
    }

    @Test("a research's token works, and ends the stream with itself") func research() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            #expect(try await api.lines("SELECT 1", as: research.token).text.contains("\n[1]\n"))
            let client = try HTTPClient(port: api.server.port, receiveBuffer: 4096)
            try await client.sendLines(Self.endless, as: research.token)
            #expect(try await client.readHead().status == 200)
            #expect(try await api.work(research, "complete").status == 200)
            #expect(json(try await client.lastLine())["error"]?["code"] == .string("invalid_token"))
            await client.close()
        }
    }

    @Test("what streams is counted like any other statement and request") func metrics() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            _ = try await api.lines(Self.counting, as: user.token)
            let metrics = try await api.call("GET", "/metrics").text
            #expect(metrics.contains("coffer_statement_seconds_count{pool_role=\"reader\"} 1\n"))
            #expect(metrics.contains(#"coffer_http_requests_total{route="/v1/query",method="POST",status="200"} 1"#))
        }
    }
}

extension APIFixture {
    fileprivate func lines(
        _ sql: String, options: String = "", accept: String = "application/x-ndjson", as token: String?
    ) async throws -> HTTPReply {
        try await call(
            "POST", "/v1/query" + options, as: token, headers: [("Accept", accept)], json: queryBody(sql, nil))
    }
}

extension HTTPClient {
    fileprivate func sendLines(_ sql: String, as token: String) throws {
        try send(
            Self.encode(
                "POST", "/v1/query",
                headers: [
                    ("Authorization", "Bearer \(token)"), ("Content-Type", "application/json"),
                    ("Accept", "application/x-ndjson"),
                ], body: Array(queryBody(sql, nil).utf8)))
    }

    /// Reads to the end of the stream, and keeps its last line.
    fileprivate func lastLine() throws -> String {
        var end: [UInt8] = []
        while let chunk = try readChunk() { end = (end + chunk).suffix(10_000) }
        return String(decoding: end, as: UTF8.self).split(separator: "\n").last.map(String.init) ?? ""
    }
}
