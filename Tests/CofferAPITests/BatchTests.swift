import CofferTesting
import JSON
import Testing

@Suite("Batches over HTTP")
struct BatchTests {
    @Test("results stand where their statements stand")
    func results() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.batch(
                #"""
                [{"sql":"CREATE TABLE t(id INTEGER PRIMARY KEY, v)"},
                 {"sql":"INSERT INTO t(v) VALUES (?), (?)","args":["a",null]},
                 {"sql":"SELECT id, v FROM t"},
                 {"sql":"SELECT :x AS x","args":{"x":5}}]
                """#, as: user)
            #expect(reply.status == 200, "\(reply)")
            let results = try #require(try reply.json["results"]?.arrayValue)
            #expect(results.count == 4)
            #expect(results[1]["rows_affected"] == .integer(2))
            #expect(results[1]["last_insert_rowid"] == .string("2"))
            #expect(results[2]["rows"] == json(#"[[1,"a"],[2,null]]"#))
            #expect(results[2]["rows_affected"] == .integer(0))
            #expect(results[3]["rows"] == json("[[5]]"))
            #expect(results[3]["columns"] == json(#"[{"name":"x","type":null}]"#))
        }
    }

    @Test("an error undoes everything and says which statement it was")
    func atomic() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v UNIQUE)", as: user)
            for more in ["", #","atomic":true"#] {
                let problem = try expectProblem(
                    try await api.batch(
                        #"[{"sql":"INSERT INTO t VALUES (1)"},{"sql":"INSERT INTO t VALUES (1)"},{"sql":"SELECT 1"}]"#,
                        more, as: user),
                    409, "constraint")
                #expect(problem["statement_index"] == .integer(1))
                #expect(problem["sqlite_code"] == .string("SQLITE_CONSTRAINT_UNIQUE"))
                #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
            }
        }
    }

    @Test("without atomic, what came before the error stays")
    func notAtomic() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v UNIQUE)", as: user)
            let problem = try expectProblem(
                try await api.batch(
                    #"[{"sql":"INSERT INTO t VALUES (1)"},{"sql":"nonsense"},{"sql":"INSERT INTO t VALUES (2)"}]"#,
                    #","atomic":false"#, as: user),
                400, "sql_error")
            #expect(problem["statement_index"] == .integer(1))
            #expect(try await api.rows("SELECT v FROM t", as: user) == json("[[1]]"))
        }
    }

    @Test("each kind of failure names its statement")
    func statementIndex() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let failures: [(statement: String, status: Int, code: String)] = [
                (#"{"sql":"SELECT ?","args":[]}"#, 400, "invalid_argument"),
                (#"{"sql":""}"#, 400, "no_statement"),
                (#"{"sql":"SELECT 1; SELECT 2"}"#, 400, "multiple_statements"),
                (#"{"sql":"ATTACH ':memory:' AS x"}"#, 403, "not_authorized"),
                (#"{"sql":"COMMIT"}"#, 403, "not_authorized"),
                (#"{"sql":"ROLLBACK"}"#, 403, "not_authorized"),
                (#"{"sql":"BEGIN"}"#, 403, "not_authorized"),
            ]
            for failure in failures {
                let problem = try expectProblem(
                    try await api.batch(#"[{"sql":"SELECT 1"},\#(failure.statement)]"#, as: user),
                    failure.status, failure.code)
                #expect(problem["statement_index"] == .integer(1), "\(failure.statement)")
            }
        }
    }

    @Test("savepoints work inside an atomic batch, and one left open is no obstacle")
    func savepoints() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let reply = try await api.batch(
                #"""
                [{"sql":"CREATE TABLE t(v)"},{"sql":"SAVEPOINT a"},{"sql":"INSERT INTO t VALUES (1)"},
                 {"sql":"ROLLBACK TO a"},{"sql":"RELEASE a"},{"sql":"SAVEPOINT b"},{"sql":"INSERT INTO t VALUES (2)"}]
                """#, as: user)
            #expect(reply.status == 200, "\(reply)")
            #expect(try await api.rows("SELECT v FROM t", as: user) == json("[[2]]"))
        }
    }

    @Test("without atomic a batch may make its own transaction, and must end it")
    func ownTransaction() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v)", as: user)
            let ended = try await api.batch(
                #"[{"sql":"BEGIN"},{"sql":"INSERT INTO t VALUES (1)"},{"sql":"COMMIT"}]"#, #","atomic":false"#, as: user
            )
            #expect(ended.status == 200)
            try expectProblem(
                try await api.batch(
                    #"[{"sql":"BEGIN"},{"sql":"INSERT INTO t VALUES (2)"}]"#, #","atomic":false"#, as: user),
                400, "transaction_left_open")
            #expect(try await api.rows("SELECT v FROM t", as: user) == json("[[1]]"))
        }
    }

    @Test("a constraint that is only violated at the commit undoes everything")
    func deferredConstraint() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE p(id INTEGER PRIMARY KEY)", as: user)
            try await api.rows("CREATE TABLE c(p REFERENCES p DEFERRABLE INITIALLY DEFERRED)", as: user)
            try expectProblem(
                try await api.batch(#"[{"sql":"INSERT INTO c VALUES (1)"}]"#, as: user), 409, "constraint")
            #expect(try await api.rows("SELECT count(*) FROM c", as: user) == json("[[0]]"))
            let good = try await api.batch(
                #"[{"sql":"INSERT INTO c VALUES (1)"},{"sql":"INSERT INTO p VALUES (1)"}]"#, as: user)
            #expect(good.status == 200)
        }
    }

    @Test("a statement that rolls the transaction back itself leaves nothing behind")
    func orRollback() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            try await api.rows("CREATE TABLE t(v UNIQUE)", as: user)
            let problem = try expectProblem(
                try await api.batch(
                    #"[{"sql":"INSERT INTO t VALUES (1)"},{"sql":"INSERT OR ROLLBACK INTO t VALUES (1)"}]"#, as: user),
                409, "constraint")
            #expect(problem["statement_index"] == .integer(1))
            #expect(try await api.rows("SELECT count(*) FROM t", as: user) == json("[[0]]"))
        }
    }

    @Test("the row limit is for all results together, and options hold for each")
    func options() async throws {
        try await APIFixture.run {
            $0.limits.responseRows = 3
        } _: { api in
            let user = try await api.makeUser()
            let results = try await api.batch(
                #"[{"sql":"VALUES (1), (2)"},{"sql":"VALUES (3), (4)"}]"#, options: "?rows=objects&integers=string",
                as: user
            ).json["results"]
            #expect(results?.arrayValue?[0]["rows"] == json(#"[{"column1":"1"},{"column1":"2"}]"#))
            #expect(results?.arrayValue?[0]["truncated"] == .bool(false))
            #expect(results?.arrayValue?[1]["rows"] == json(#"[{"column1":"3"}]"#))
            #expect(results?.arrayValue?[1]["truncated"] == .bool(true))
        }
    }

    static let malformed: [(body: String, field: String)] = [
        ("{}", "statements"), (#"{"statements":[]}"#, "statements"), (#"{"statements":{}}"#, "statements"),
        (#"{"statements":[1]}"#, "statements"), (#"{"statements":[{}]}"#, "sql"),
        (#"{"statements":[{"sql":1}]}"#, "sql"), (#"{"statements":[{"sql":"SELECT 1","x":1}]}"#, "x"),
        (#"{"statements":[{"sql":"SELECT 1"}],"atomic":1}"#, "atomic"),
        (#"{"statements":[{"sql":"SELECT 1"}],"mode":1}"#, "mode"),
        (#"{"statements":[{"sql":"SELECT 1","sql":"SELECT 1"}]}"#, "sql"),
    ]

    @Test("nothing runs before the whole body was found to be right", arguments: [true, false])
    func checkedBefore(isAtomic: Bool) async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            let problem = try expectProblem(
                try await api.batch(
                    #"[{"sql":"CREATE TABLE t(v)"},{"sql":"nonsense"},{"sql":"SELECT 1","args":1},{"sql":1}]"#,
                    ",\"atomic\":\(isAtomic)", as: user),
                400, "invalid_field")
            #expect(problem["field"] == .string("args"), "the first in the body")
            #expect(problem["statement_index"] == nil)
            #expect(try await api.rows("SELECT count(*) FROM sqlite_schema", as: user) == json("[[0]]"))
        }
    }

    @Test("a body that is no batch is refused by the name of the field")
    func malformed() async throws {
        try await APIFixture.run { api in
            let user = try await api.makeUser()
            for (body, field) in Self.malformed {
                let problem = try expectProblem(
                    try await api.call("POST", "/v1/query/batch", as: user.token, json: body), 400, "invalid_field")
                #expect(problem["field"] == .string(field), "\(body)")
            }
        }
    }
}
