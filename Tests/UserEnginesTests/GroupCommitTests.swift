import CofferTesting
import SQLCipher
import Testing

@testable import UserEngines

@Suite("Writes that wait for the writer together share a commit")
struct GroupCommitTests {
    private static let schema = [
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        """
        CREATE TABLE t (
            id INTEGER PRIMARY KEY, v, u UNIQUE, p REFERENCES parent DEFERRABLE INITIALLY DEFERRED,
            q REFERENCES parent, f UNIQUE ON CONFLICT FAIL, r UNIQUE ON CONFLICT ROLLBACK)
        """,
        "CREATE TABLE log (v)",
        """
        CREATE TRIGGER stop BEFORE INSERT ON t WHEN new.v = 'stop' BEGIN
            INSERT INTO log VALUES ('stopped'); SELECT raise(ROLLBACK, 'stopped');
        END
        """,
        "CREATE TRIGGER fail AFTER INSERT ON t WHEN new.v = 'fail' BEGIN SELECT raise(FAIL, 'failed'); END",
        "CREATE TRIGGER note AFTER INSERT ON t WHEN new.v = 'note' BEGIN INSERT INTO log VALUES (new.id); END",
        "CREATE VIRTUAL TABLE words USING fts5(w)",
        "INSERT INTO parent VALUES (1)",
        "INSERT INTO t (id, u, f, r) VALUES (1, 1, 1, 1)",
    ]

    /// No group ends for want of time, however slow the machine is.
    static let patient: EngineConfiguration = {
        var configuration = EngineConfiguration()
        configuration.writeGroups.joining = .seconds(60)
        configuration.writeGroups.end = .seconds(60)
        return configuration
    }()

    private func makeUser(_ fixture: EngineFixture) async throws -> UserID {
        let user = try await fixture.makeUser()
        for sql in Self.schema { _ = try await fixture.run(sql, as: user) }
        return user
    }

    private func content(of user: UserID, _ fixture: EngineFixture) async throws -> [[[Value]]] {
        var tables: [[[Value]]] = []
        for table in ["parent", "t", "log", "words"] {
            tables.append(try await fixture.run("SELECT rowid, * FROM \(table) ORDER BY rowid", as: user))
        }
        return tables
    }

    /// What is sent, and what becomes of the groups: commits shared, statements in them, groups undone.
    struct Crowd: Sendable, CustomTestStringConvertible {
        let name: String
        let writes: [CrowdedWrite]
        let groups: [Int]

        init(_ name: String, groups: [Int], _ writes: [CrowdedWrite]) {
            self.name = name
            self.writes = writes
            self.groups = groups
        }

        var testDescription: String { name }
    }

    private static let crowds = [
        Crowd(
            "all kinds", groups: [1, 9, 0],
            [
                "INSERT INTO t (id, v) VALUES (2, 'a')", "INSERT INTO t (v) VALUES ('b'), ('c')",
                "UPDATE t SET v = 'd' WHERE id < 3", "DELETE FROM t WHERE id = 3",
                "REPLACE INTO t (id, v) VALUES (1, 'e')",
                "INSERT INTO t (v) VALUES ('f') RETURNING id, v",
                "WITH x(v) AS (VALUES ('g')) INSERT INTO t (v) SELECT v FROM x",
                CrowdedWrite("INSERT INTO t (id, v) VALUES (?, :v)", [.integer(50), .blob([1, 2])]),
                "DELETE FROM log",
            ]),
        Crowd(
            "numbers of the connection", groups: [1, 6, 0],
            [
                "INSERT INTO t (id, v) VALUES (70, 'note')", "INSERT INTO log VALUES (last_insert_rowid())",
                "UPDATE log SET v = last_insert_rowid() + 100", "INSERT INTO log SELECT changes()",
                "INSERT INTO log SELECT total_changes()", "INSERT OR IGNORE INTO t (id) VALUES (1)",
            ]),
        Crowd(
            "violations that are a statement's own", groups: [1, 7, 0],
            [
                "INSERT INTO t (u) VALUES (2)", "INSERT INTO t (u) VALUES (3), (1)", "INSERT INTO t (q) VALUES (99)",
                "INSERT INTO t (f) VALUES (2), (1), (3)", "INSERT OR FAIL INTO t (u) VALUES (4), (1), (5)",
                "INSERT INTO t (v) VALUES ('fail')", "INSERT INTO t (u) VALUES (6)",
            ]),
        Crowd(
            "a violation behind the rows that are read", groups: [1, 3, 0],
            [
                "INSERT INTO t (u) VALUES (2)",
                CrowdedWrite("INSERT INTO t (q) VALUES (99) RETURNING id", rowsRead: 1),
                CrowdedWrite("INSERT INTO t (u) VALUES (3), (4) RETURNING u", rowsRead: 1),
            ]),
        Crowd(
            "a violation first", groups: [1, 3, 0],
            ["INSERT INTO t (u) VALUES (7), (1)", "INSERT INTO t (u) VALUES (8)", "INSERT INTO t (u) VALUES (9)"]),
        Crowd(
            "OR ROLLBACK between", groups: [0, 0, 1],
            [
                "INSERT INTO t (u) VALUES (2)", "INSERT OR ROLLBACK INTO t (u) VALUES (3), (1)",
                "INSERT INTO t (u) VALUES (4)",
            ]),
        Crowd(
            "OR ROLLBACK last", groups: [0, 0, 1],
            [
                "INSERT INTO t (u) VALUES (2)", "INSERT INTO t (u) VALUES (4)",
                "INSERT OR ROLLBACK INTO t (u) VALUES (3), (1)",
            ]),
        Crowd(
            "OR ROLLBACK first", groups: [1, 2, 0],
            [
                "INSERT OR ROLLBACK INTO t (u) VALUES (3), (1)", "INSERT INTO t (u) VALUES (2)",
                "INSERT INTO t (u) VALUES (4)",
            ]),
        Crowd(
            "ON CONFLICT ROLLBACK of a table", groups: [0, 0, 1],
            ["INSERT INTO t (u) VALUES (2)", "INSERT INTO t (r) VALUES (2), (1)", "INSERT INTO t (u) VALUES (4)"]),
        Crowd(
            "RAISE(ROLLBACK) of a trigger", groups: [0, 0, 1],
            ["INSERT INTO t (u) VALUES (2)", "INSERT INTO t (v) VALUES ('stop')", "INSERT INTO t (u) VALUES (4)"]),
        Crowd(
            "a deferred foreign key between", groups: [1, 1, 0],
            ["INSERT INTO t (id) VALUES (2)", "UPDATE t SET p = 99 WHERE id = 1", "INSERT INTO t (id) VALUES (3)"]),
        Crowd(
            "a deferred foreign key last", groups: [1, 2, 0],
            ["INSERT INTO t (id) VALUES (2)", "INSERT INTO t (id) VALUES (3)", "UPDATE t SET p = 99 WHERE id = 1"]),
        Crowd(
            "a deferred foreign key first", groups: [1, 2, 0],
            ["UPDATE t SET p = 99 WHERE id = 1", "INSERT INTO t (id) VALUES (2)", "INSERT INTO t (id) VALUES (3)"]),
        Crowd(
            "a deferred foreign key that the next statement would resolve", groups: [1, 1, 0],
            [
                "INSERT INTO t (id) VALUES (2)", "UPDATE t SET p = 5 WHERE id = 1",
                "UPDATE t SET p = 1 WHERE id = 1",
            ]),
        Crowd(
            "an error in the middle of a statement", groups: [1, 1, 0],
            [
                "INSERT INTO t (id) VALUES (2)",
                "INSERT INTO t (v) SELECT abs(column1) FROM (VALUES (1), (-9223372036854775808))",
                "INSERT INTO t (id) VALUES (3)",
            ]),
        Crowd(
            "texts that are no statement, and arguments that do not fit", groups: [1, 6, 0],
            [
                "INSERT INTO t (id) VALUES (2)", "INSERT INTO nothing VALUES (1)", "INSERT INTO t VALUES",
                "DELETE FROM t; SELECT 1",
                CrowdedWrite("INSERT INTO t (v) VALUES (?)", []), "INSERT INTO t (id) VALUES (3)",
            ]),
        Crowd(
            "full text", groups: [1, 4, 0],
            [
                "INSERT INTO words VALUES ('one')", "INSERT INTO words (rowid, w) VALUES (2, 'two')",
                "INSERT INTO words (rowid, w) VALUES (3, 'three'), (2, 'zwei')", "INSERT INTO words VALUES ('four')",
            ]),
    ]

    @Test("each learns, and leaves behind, what it would alone", arguments: crowds)
    func asAlone(crowd: Crowd) async throws {
        try await EngineFixture.run(Self.patient) { fixture in
            let single = try await makeUser(fixture)
            let expected = try await fixture.oneByOne(crowd.writes, as: single)
            #expect(fixture.groups == [0, 0, 0], "statements that come one by one have formed a group")
            let crowded = try await makeUser(fixture)
            let replies = try await fixture.together(crowd.writes, as: crowded)
            #expect(replies == expected)
            #expect(try await content(of: crowded, fixture) == content(of: single, fixture))
            #expect(try await fixture.run("PRAGMA integrity_check", as: crowded) == [[.text("ok")]])
            #expect(fixture.groups == crowd.groups)
            #expect(fixture.registry.census().writers.occupancy.idle == 2)
        }
    }

    @Test("who has upset a group stays out of the next ones") func outsider() async throws {
        try await EngineFixture.run(Self.patient) { fixture in
            let user = try await makeUser(fixture)
            let writes: [CrowdedWrite] = [
                "INSERT INTO log VALUES (1)", "INSERT OR ROLLBACK INTO t (u) VALUES (1)", "INSERT INTO log VALUES (2)",
            ]
            _ = try await fixture.together(writes, as: user)
            #expect(fixture.groups == [0, 0, 1])
            _ = try await fixture.together(writes, as: user)
            #expect(fixture.groups == [1, 1, 1])
        }
    }

    @Test("a group passes nobody who cannot join it, and no bound of its size") func bounds() async throws {
        var configuration = Self.patient
        configuration.writeGroups.members = 3
        configuration.writeGroups.bytes = 1000
        try await EngineFixture.run(configuration) { fixture in
            let user = try await makeUser(fixture)
            let write = CrowdedWrite("INSERT INTO log VALUES (1)")
            _ = try await fixture.together([write, "CREATE TABLE more (a)", write], as: user)
            #expect(fixture.groups == [0, 0, 0])
            _ = try await fixture.together(Array(repeating: write, count: 6), as: user)
            #expect(fixture.groups == [2, 6, 0])
            let large = CrowdedWrite("INSERT INTO log VALUES (?)", [.blob(Array(repeating: 1, count: 600))])
            _ = try await fixture.together([large, large], as: user)
            #expect(fixture.groups == [2, 6, 0])
        }
    }

    @Test("a function that makes much out of little, which nothing stops, keeps a statement out") func unbounded()
        async throws
    {
        try await EngineFixture.run(Self.patient) { fixture in
            let user = try await makeUser(fixture)
            let write = CrowdedWrite("INSERT INTO log VALUES (zeroblob(10))")
            _ = try await fixture.together([write, write], as: user)
            #expect(fixture.groups == [0, 0, 0])
        }
    }
}
