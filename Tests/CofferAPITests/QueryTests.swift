import CofferTesting
import JSON
import Testing

@Suite("One statement over HTTP")
struct QueryTests {
    @Test("a reply has every member, in order, also when it is zero")
    func shape() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.query("CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT)", as: user)
            #expect(reply.status == 200)
            #expect(reply.header("Content-Type") == "application/json")
            #expect(
                try reply.json.objectValue?.map(\.name) == [
                    "columns", "rows", "rows_affected", "last_insert_rowid", "fullscan_steps", "duration_ms",
                    "truncated",
                ])
            let json = try reply.json
            #expect(json["columns"] == .array([]))
            #expect(json["rows"] == .array([]))
            #expect(json["rows_affected"] == .integer(0))
            #expect(json["last_insert_rowid"] == .string("0"))
            #expect(json["fullscan_steps"] == .integer(0))
            #expect(json["truncated"] == .bool(false))
            #expect((json["duration_ms"]?.doubleValue ?? -1) >= 0)
        }
    }

    @Test("columns have their names and declared types")
    func columns() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY, \"größe\" TEXT)", as: user)
            let reply = try await api.query("SELECT id, \"größe\", 1 + 1 AS two FROM t", as: user)
            #expect(
                try reply.json["columns"]
                    == json(
                        #"[{"name":"id","type":"INTEGER"},{"name":"größe","type":"TEXT"},{"name":"two","type":null}]"#))
            #expect(try reply.json["rows"] == json("[]"))
        }
    }

    @Test("a query that has run often gives its columns anew when the schema has changed")
    func changedColumns() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(a INTEGER)", as: user)
            try await api.rows("INSERT INTO t VALUES (1)", as: user)
            let steps = [
                ("SELECT 1", #"[{"name":"a","type":"INTEGER"}]"#, #"[{"a":1}]"#),
                ("ALTER TABLE t RENAME COLUMN a TO b", #"[{"name":"b","type":"INTEGER"}]"#, #"[{"b":1}]"#),
                ("DROP TABLE t", nil, nil),
                ("CREATE TABLE t AS SELECT '2' AS b", #"[{"name":"b","type":null}]"#, #"[{"b":"2"}]"#),
                ("ALTER TABLE t ADD COLUMN c TEXT", #"[{"name":"b","type":null},{"name":"c","type":"TEXT"}]"#, nil),
            ]
            for (change, columns, objects) in steps {
                _ = try await api.query(change, as: user).json
                guard let columns else { continue }
                for _ in 0..<4 {
                    #expect(
                        try await api.query("SELECT * FROM t", as: user).json["columns"] == json(columns), "\(change)")
                    let reply = try await api.query("SELECT * FROM t", options: "?rows=objects", as: user).json
                    #expect(reply["columns"] == json(columns), "\(change)")
                    if let objects { #expect(reply["rows"] == json(objects), "\(change)") }
                }
            }
        }
    }

    @Test("rows_affected and last_insert_rowid tell what this statement did, and nothing of earlier ones")
    func effects() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let steps: [(sql: String, affected: Int64, rowID: String)] = [
                ("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", 0, "0"),
                ("INSERT INTO t(v) VALUES (1), (2), (3)", 3, "3"),
                ("SELECT * FROM t", 0, "0"),
                ("UPDATE t SET v = v + 1 WHERE id > 1", 2, "0"),
                ("DELETE FROM t WHERE id = 99", 0, "0"),
                ("INSERT INTO t(id, v) VALUES (9223372036854775807, 1)", 1, "9223372036854775807"),
                ("CREATE INDEX i ON t(v)", 0, "0"),
                ("DELETE FROM t", 4, "0"),
            ]
            for step in steps {
                let reply = try await api.query(step.sql, as: user).json
                #expect(reply["rows_affected"] == .integer(step.affected), "\(step.sql)")
                #expect(reply["last_insert_rowid"] == .string(step.rowID), "\(step.sql)")
            }
        }
    }

    @Test("a scan is told from a look-up by its steps")
    func fullscanSteps() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY, v)", as: user)
            try await api.rows("INSERT INTO t(v) VALUES (1), (2), (3)", as: user)
            let scan = try await api.query("SELECT * FROM t WHERE v = 3", as: user).json["fullscan_steps"]?.integerValue
            #expect((scan ?? 0) > 0)
            #expect(try await api.query("SELECT * FROM t WHERE id = 3", as: user).json["fullscan_steps"] == .integer(0))
        }
    }

    @Test("users do not see each other's tables")
    func isolation() async throws {
        try await APIFixture.run { api in
            let ada = try await api.makeUser("ada")
            let eve = try await api.makeUser("eve")
            for user in [ada, eve] {
                try await api.rows("CREATE TABLE t(owner)", as: user)
                try await api.rows("INSERT INTO t VALUES (?)", #"["\#(user.name)"]"#, as: user)
            }
            #expect(try await api.rows("SELECT owner FROM t", as: ada) == json(#"[["ada"]]"#))
            #expect(try await api.rows("SELECT owner FROM t", as: eve) == json(#"[["eve"]]"#))
        }
    }

    @Test("reads that a WITH hides go where they belong, and so do writes")
    func routing() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            try await api.rows("WITH x(v) AS (VALUES (1), (2)) INSERT INTO t SELECT v FROM x", as: user)
            #expect(
                try await api.rows("/* c */ -- d\n WITH x AS (SELECT v FROM t) SELECT sum(v) FROM x", as: user)
                    == json("[[3]]"))
            #expect(try await api.rows("VALUES (1), (2)", as: user) == json("[[1],[2]]"))
            #expect(try await api.rows("INSERT INTO t VALUES (3) RETURNING v", as: user) == json("[[3]]"))
            let plan = try await api.rows("EXPLAIN DELETE FROM t", as: user)
            #expect(plan.arrayValue?.isEmpty == false)
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[3]]"))
        }
    }

    @Test("a text is the same with and without escapes, short or long, the first time and later")
    func escapedText() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let long = String(repeating: " ", count: 20_000)
            for (sql, row) in [
                ("SELECT 'ä😀', 1", #"["ä😀",1]"#), (#"SELECT '\u00e4\ud83d\ude00',\n\t1"#, #"["ä😀",1]"#),
                (#"\u0053ELECT \"sql\" FROM (SELECT 2 AS sql)"#, "[2]"), ("SELECT\(long)3", "[3]"),
                (#"SELECT\n\#(long)4"#, "[4]"),
            ] {
                for (path, body) in [
                    ("/v1/query", #"{"sql":"\#(sql)"}"#), ("/v1/query", #"{"args":[],"sql":"\#(sql)"}"#),
                    ("/v1/query/batch", #"{"statements":[{"sql":"SELECT 0"},{"sql":"\#(sql)"}]}"#),
                ] {
                    for _ in 0..<3 {
                        let reply = try await api.call("POST", path, as: user.token, json: body)
                        let result = try reply.json["results"]?.arrayValue?.last ?? reply.json
                        #expect(result["rows"] == json("[\(row)]"), "\(body.prefix(100)): \(reply)")
                    }
                }
            }
        }
    }

    @Test("a statement may end in a semicolon and comments")
    func trailing() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for sql in ["SELECT 1;", "SELECT 1; ", "SELECT 1; -- more", "SELECT 1 /* more */;;", ";SELECT 1"] {
                let reply = try await api.query(sql, as: user)
                #expect(try reply.json["rows"] == json("[[1]]"), "\(sql): \(reply)")
            }
        }
    }

    @Test("allowed pragmas work and keep their value in the file", .timeLimit(.minutes(1)))
    func allowedPragmas() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(id INTEGER PRIMARY KEY)", as: user)
            try await api.rows("PRAGMA user_version = 7", as: user)
            #expect(try await api.rows("PRAGMA user_version", as: user) == json("[[7]]"))
            #expect(try await api.rows("PRAGMA foreign_keys", as: user) == json("[[1]]"))
            #expect(try await api.rows("PRAGMA integrity_check", as: user) == json(#"[["ok"]]"#))
            #expect(
                try await api.rows("SELECT name FROM pragma_table_info('t')", as: user) == json(#"[["id"]]"#))
        }
    }
}
