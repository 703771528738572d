import SQLCipher
import Synchronization
import Testing

@Suite struct AuthorizerTests {
    private struct Policy: StatementAuthorizer {
        let decide: @Sendable (borrowing AuthorizerAction) -> AuthorizerDecision

        func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision { decide(action) }
    }

    private static func denying(_ operation: AuthorizerAction.Operation) -> Policy {
        Policy { $0.operation == operation ? .deny : .allow }
    }

    @Test(
        "a refusal names what was refused, and no value",
        arguments: [
            (.attach, "ATTACH 'secret.db' AS x KEY 'secret'", "ATTACH"),
            (.pragma, "PRAGMA temp_store = 1", "PRAGMA temp_store"),
            (.function, "SELECT upper('secret')", "the function upper"),
            (.createTemporaryTable, "CREATE TEMP TABLE x(a DEFAULT 'secret')", "CREATE TEMP TABLE x"),
            (.savepoint, "SAVEPOINT secret", "SAVEPOINT"),
            (.transaction, "BEGIN", "BEGIN"),
            (.delete, "DELETE FROM t WHERE a = 'secret'", "DELETE from t"),
            (.alterTable, "ALTER TABLE t RENAME TO secret", "ALTER TABLE t"),
            (.recursive, endlessQuery, "a recursive query"),
        ] as [(AuthorizerAction.Operation, String, String)])
    func refusal(operation: AuthorizerAction.Operation, sql: String, refused: String) throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a)")
            connection.authorizer = Self.denying(operation)
            let error = #expect(throws: SQLiteError.self) { _ = try connection.statement(sql) }
            #expect(error?.code == .authorization)
            #expect(error?.message == "not authorized: \(refused)")
        }
    }

    @Test("a column can be left out")
    func ignoredColumn() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a, b); INSERT INTO t VALUES (1, 2)")
            connection.authorizer = Policy { $0.operation == .read && $0.secondArgument == "b" ? .ignore : .allow }
            #expect(try connection.firstRow("SELECT a, b FROM t") == [1, .null])
        }
    }

    @Test("an action carries SQLite's names")
    func names() throws {
        let seen = Mutex<[String]>([])
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); CREATE VIEW v AS SELECT a FROM t")
            connection.authorizer = Policy { action in
                guard action.operation == .read else { return .allow }
                let names = [action.firstArgument, action.secondArgument, action.database, action.trigger]
                seen.withLock { $0.append(names.map { $0 ?? "-" }.joined(separator: " ")) }
                return .allow
            }
            _ = try connection.rows("SELECT a FROM v")
            #expect(seen.withLock { $0 } == ["t a main v", "v a main -"])
        }
    }

    @Test("a new policy is asked about statements that were cached under the old one")
    func changedPolicy() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT upper('a')") == "A")
            connection.authorizer = Self.denying(.function)
            let error = #expect(throws: SQLiteError.self) { try connection.value("SELECT upper('a')") }
            #expect(error?.code == .authorization)
            connection.authorizer = nil
            #expect(try connection.value("SELECT upper('a')") == "A")
        }
    }

    @Test("a refusal is not told again with the next error")
    func nextError() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES ('{')")
            connection.authorizer = Self.denying(.pragma)
            let sql = "SELECT json(a) FROM t"
            try connection.withStatement(sql) { _ in }
            #expect(throws: SQLiteError.self) { _ = try connection.statement("PRAGMA foreign_keys") }
            let error = #expect(throws: SQLiteError.self) { try connection.value(sql) }
            #expect(error?.code == .error)
            #expect(error?.message == "malformed JSON")
        }
    }

    @Test("a statement that is compiled again because the schema has changed is put before the policy again")
    func preparedAgain() throws {
        let deniesReading = SharedFlag()
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            let wasNested = SharedFlag()
            connection.authorizer = Policy { action in
                guard action.operation == .read else { return .allow }
                wasNested.set(action.isNested)
                return deniesReading.isSet ? .deny : .allow
            }
            let statement = try connection.statement("SELECT a FROM t")
            #expect(!wasNested.isSet)
            try connection.execute("CREATE TABLE u(a)")
            deniesReading.set()
            let error = #expect(throws: SQLiteError.self) { try statement.step() }
            #expect(error?.code == .authorization)
            #expect(error?.message == "not authorized: reading t")
            #expect(wasNested.isSet)
            #expect(statement.facts == .reads)
            statement.finish()
        }
    }

    @Test("SQL of our own is not put before the policy")
    func trusted() throws {
        try withConnection { connection throws in
            connection.authorizer = Policy { _ in .deny }
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1); PRAGMA user_version = 2")
            try connection.check()
            #expect(throws: SQLiteError.self) { try connection.value("SELECT 1") }
        }
    }

    @Test("VACUUM INTO is refused where attaching is, and the inner work of a full-text table is marked as nested")
    func nested() throws {
        try withConnection(adjusted: { $0.limits.attachedDatabases = 1 }) { connection throws in
            connection.authorizer = Policy { action in
                guard action.operation == .attach else { return .allow }
                return action.isNested && action.firstArgument == "" ? .allow : .deny
            }
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1)")
            try connection.run("VACUUM")
            let path = connection.configuration.path + ".copy"
            let error = #expect(throws: SQLiteError.self) { try connection.run("VACUUM INTO '\(path)'") }
            #expect(error?.code == .authorization)
            #expect(throws: SQLiteError.self) { try connection.run("ATTACH '' AS x") }
        }
        try withConnection { connection throws in
            let seen = Mutex<(direct: Set<String>, nested: Set<String>)>(([], []))
            try connection.execute("CREATE VIRTUAL TABLE f USING fts5(a)")
            connection.authorizer = Policy { action in
                guard action.operation == .insert || action.operation == .pragma else { return .allow }
                let name = action.firstArgument ?? ""
                let isNested = action.isNested
                seen.withLock { _ = isNested ? $0.nested.insert(name) : $0.direct.insert(name) }
                return .allow
            }
            try connection.run("INSERT INTO f VALUES ('some words')")
            #expect(seen.withLock { $0.direct } == ["f"])
            #expect(seen.withLock { $0.nested }.isSuperset(of: ["f_content", "f_data"]))
            #expect(connection.reset() == .asNew)
        }
    }
}
