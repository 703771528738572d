import CofferTesting
import HTTPServer
import JSON
import Testing

@testable import UserEngines

@Suite("Export and import over HTTP")
struct TransferTests {
    @Test("a database goes out in each form, with its type, a name and, where it is known, its length")
    func forms() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE notes(body)", as: user)
            try await api.rows("INSERT INTO notes VALUES ('carried home')", as: user)
            let passphrase = [("X-Coffer-Passphrase", "öffne dich")]
            for (format, type, ending) in [
                ("sql", "application/sql; charset=utf-8", ".sql"), ("sqlite", "application/vnd.sqlite3", ".sqlite3"),
                ("sqlcipher", "application/octet-stream", ".db"),
            ] {
                let path = "/v1/export?format=\(format)"
                let reply = try await api.call("GET", path, as: user.token, headers: passphrase)
                #expect(reply.status == 200)
                #expect(reply.header("Content-Type") == type)
                let name = try #require(reply.header("Content-Disposition"))
                #expect(name.wholeMatch(of: #/attachment; filename="coffer-\d{8}T\d{6}Z\.[a-z0-9]+"/#) != nil)
                #expect(name.hasSuffix("\(ending)\""))
                #expect(reply.header("Cache-Control") == "no-store")
                #expect(reply.body.contains(textOf: "carried home") == (format != "sqlcipher"))
                #expect(reply.header("Content-Length") == (format == "sql" ? nil : "\(reply.body.count)"))
                // Its connection closes after it.
                let client = try HTTPClient(port: api.server.port)
                let head = try await client.request(
                    "HEAD", path, headers: passphrase + [("Authorization", "Bearer \(user.token)")])
                await client.close()
                #expect(head.status == 200)
                #expect(head.header("Content-Type") == type)
                #expect(head.header("Content-Length") == nil)
            }
        }
    }

    @Test("what is wrong with a request for an export is told")
    func refusals() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let research = try await api.startResearch(as: user)
            for (path, token, headers, status, code) in [
                ("/v1/export?format=sql", nil, [], 401, "invalid_token"),
                ("/v1/export?format=sql", research.token, [], 403, "not_authorized"),
                ("/v1/export", user.token, [], 400, "invalid_field"),
                ("/v1/export?format=csv", user.token, [], 400, "invalid_field"),
                ("/v1/export?format=sqlcipher", user.token, [], 400, "invalid_field"),
                ("/v1/export?format=sqlcipher", user.token, [""], 400, "invalid_field"),
                (
                    "/v1/export?format=sqlcipher", user.token, [String(repeating: "x", count: 1025)], 400,
                    "invalid_field"
                ),
            ] as [(String, String?, [String], Int, String)] {
                let reply = try await api.call(
                    "GET", path, as: token, headers: headers.map { ("X-Coffer-Passphrase", $0) })
                #expect(reply.status == status, "\(path)")
                #expect(try reply.json["code"] == .string(code), "\(path)")
            }
        }
    }

    @Test("what goes out comes in for another user, and what it replaces is their backup")
    func way() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser()
            try await api.rows("CREATE TABLE notes(body)", as: ada)
            try await api.rows("INSERT INTO notes VALUES ('carried over')", as: ada)
            for (name, format) in [("bob", "sqlite"), ("eve", "sqlcipher")] {
                let passphrase = [("X-Coffer-Passphrase", "open sesame")]
                let file = try await api.call(
                    "GET", "/v1/export?format=\(format)", as: ada.token, headers: passphrase)
                let user = try await api.makeUser(name)
                let reply = try await api.call(
                    "PUT", "/v1/import", as: user.token, headers: passphrase, body: file.body)
                try #require(reply.status == 200, "\(reply)")
                let json = try reply.json
                #expect(json["foreign_key_violations"] == .integer(0))
                #expect(json["safety_backup"]?["kind"] == .string("safety"))
                #expect(
                    try await api.rows("SELECT body FROM notes", as: user)
                        == .array([.array([.string("carried over")])]))
                let backups = try await api.call("GET", "/v1/backups", as: user.token).json["items"]?.arrayValue
                #expect(backups?.map { $0["id"] } == [json["safety_backup"]?["id"]])
            }
        }
    }

    @Test("what cannot come in is refused with its reason, and the database is as it was")
    func noWay() async throws {
        try await APIFixture.run {
            $0.limits.databaseBytes = 100_000
        } _: { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE notes(body)", as: user)
            let file = try await api.call("GET", "/v1/export?format=sqlite", as: user.token).body
            let text = try await api.call("PUT", "/v1/import", as: user.token, body: Array("no database".utf8))
            #expect(text.status == 422)
            #expect(try text.json["code"] == .string("invalid_database"))
            #expect(try text.json["problems"]?.arrayValue?.isEmpty == false)
            let cut = try await api.call("PUT", "/v1/import", as: user.token, body: Array(file.dropLast(4096)))
            #expect(cut.status == 422)
            let anonymous = try HTTPClient(port: api.server.port)
            #expect(try await anonymous.call("PUT", "/v1/import", body: file).status == 401)
            await anonymous.close()
            let large = try HTTPClient(port: api.server.port)
            let reply = try await large.call(
                "PUT", "/v1/import", as: user.token, body: [UInt8](repeating: 0, count: 100_001))
            #expect(reply.status == 413)
            await large.close()
            let research = try await api.startResearch(as: user)
            for (token, status, code) in [
                (user.token, 409, "research_active"), (research.token, 403, "not_authorized"),
            ] {
                let client = try HTTPClient(port: api.server.port)
                let reply = try await client.call("PUT", "/v1/import", as: token, body: file)
                #expect(reply.status == status)
                #expect(try reply.json["code"] == .string(code))
                await client.close()
            }
            try await api.rows("SELECT * FROM notes", as: user)
        }
    }

    @Test("clients that leave in the middle leave nothing behind", arguments: ["sql", "sqlite", "sqlcipher"])
    func leaving(format: String) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(x)", as: user)
            try await api.rows("INSERT INTO t VALUES (zeroblob(8000000))", as: user)
            let leaver = try HTTPClient(port: api.server.port, receiveBuffer: 4096)
            try await leaver.send(
                HTTPClient.encode(
                    "GET", "/v1/export?format=\(format)",
                    headers: [("Authorization", "Bearer \(user.token)"), ("X-Coffer-Passphrase", "p")]))
            _ = try await leaver.readHead()
            let second = try await api.call("GET", "/v1/export?format=sqlite", as: user.token)
            #expect(second.status == 409)
            #expect(try second.json["code"] == .string("busy"))
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            await leaver.abort()
            try await eventually {
                OpenFiles.contentOfUnlinked(under: api.directory).isEmpty
                    && api.engines.census().total.occupancy.leased == 0
            }
            try await eventually {
                try await api.call(
                    "GET", "/v1/export?format=sqlcipher", as: user.token, headers: [("X-Coffer-Passphrase", "p")]
                )
                .status == 200
            }
            await leaver.close()
        }
    }

    @Test("a client that leaves in the middle of its upload leaves nothing behind")
    func leavingUpload() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let file = try await api.call("GET", "/v1/export?format=sqlite", as: user.token).body
            let leaver = try HTTPClient(port: api.server.port)
            try await leaver.send(
                "PUT /v1/import HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(user.token)\r\n"
                    + "Content-Length: 80000\r\n\r\n")
            try await leaver.send(file)
            try await eventually { !OpenFiles.contentOfUnlinked(under: api.directory).isEmpty }
            await leaver.abort()
            try await eventually { OpenFiles.contentOfUnlinked(under: api.directory).isEmpty }
            try await eventually {
                try await api.call("PUT", "/v1/import", as: user.token, body: file).status == 200
            }
            await leaver.close()
        }
    }
}
