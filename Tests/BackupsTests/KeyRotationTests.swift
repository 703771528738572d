import CofferTesting
import Logging
import SQLCipher
import Secrets
import Testing
import UserEngines

@testable import Accounts
@testable import Backups

@Suite("Changing the data key")
struct KeyRotationTests {
    @Test("after a change the old key opens nothing, the new one everything, and a restart finds it")
    func rotation() async throws {
        try await withTemporaryDirectory { directory in
            try await BackupsFixture.run(in: directory) { fixture in
                let ada = try await fixture.makeUser()
                try await ada.run("CREATE TABLE t(v)")
                try await ada.run("INSERT INTO t VALUES (1)")
                try await ada.service("SELECT 1")
                let old = try await ada.currentKey()
                try await ada.rotateKey()
                let new = try await ada.currentKey()
                #expect(old != new)
                #expect(try await ada.integer("SELECT count(*) FROM t") == 1)
                #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
                for database in fixture.engines.databases(of: ada.id) {
                    #expect(try !DatabaseCopy.isReadable(database, key: old, logger: .silent))
                    #expect(try DatabaseCopy.problems(of: database, key: new, logger: .silent) == [])
                }
                #expect(fixture.engines.databases(of: ada.id).count == 2)
            }
            try await BackupsFixture.run(in: directory) { fixture in
                let ada = try await fixture.logIn("ada")
                #expect(try await ada.integer("SELECT count(*) FROM t") == 1)
            }
        }
    }

    @Test("requests beside a change of the key wait for it and succeed, and every acknowledged write is there")
    func traffic() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let writes = try await withThrowingTaskGroup(of: Int64.self) { group in
                let isOver = Gate()
                for _ in 0..<4 {
                    group.addTask {
                        var count: Int64 = 0
                        while isOver.arrivals == 0 {
                            try await ada.run("INSERT INTO t VALUES (1)")
                            count += 1
                        }
                        return count
                    }
                }
                for _ in 0..<5 { try await ada.rotateKey() }
                isOver.open()
                await isOver.pass()
                return try await group.reduce(0, +)
            }
            #expect(try await ada.integer("SELECT count(*) FROM t") == writes)
        }
    }

    /// Where a server may have ended: which of the two files had been replaced.
    @Test(
        "whatever a server that ended in a change has done of it, the next opening brings it to an end",
        arguments: [[], [0], [0, 1], [1]])
    func recovery(replaced: [Int]) async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (1)")
            try await ada.service("CREATE TABLE mark(v)")
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            let old = try await ada.currentKey()
            let new = try await fixture.accounts.makePendingDataKey(of: ada.id, userKey: ada.key())
            let databases = fixture.engines.databases(of: ada.id)
            for index in replaced {
                let copy = databases[index] + ".partial"
                try await DatabaseCopy.make(
                    at: copy, key: new, ofFile: databases[index], sourceKey: old, logger: .silent)
                try StoredFile.rename(copy, to: databases[index])
            }
            try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<4 { group.addTask { try await ada.integer("SELECT count(*) FROM t") } }
                for try await count in group { #expect(count == 1) }
            }
            try await ada.service("INSERT INTO mark VALUES (1)")
            #expect(try await ada.currentKey() == (replaced.isEmpty ? old : new))
            #expect(try await fixture.accounts.dataKeys(of: ada.id, userKey: ada.key()).pending == nil)
        }
    }

    @Test("a database that neither key opens is left as it is, and no key is given up", arguments: [true, false])
    func neitherKey(isOtherReplaced: Bool) async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.service("SELECT 1")
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            let (old, new) = (
                try await ada.currentKey(),
                try await fixture.accounts.makePendingDataKey(of: ada.id, userKey: ada.key())
            )
            let databases = fixture.engines.databases(of: ada.id)
            if isOtherReplaced {
                try await DatabaseCopy.make(
                    at: databases[1] + ".partial", key: new, ofFile: databases[1], sourceKey: old, logger: .silent)
                try StoredFile.rename(databases[1] + ".partial", to: databases[1])
            }
            FileContent.write("nothing of it is left", to: databases[0])
            await #expect(throws: EngineError.unavailable) { try await ada.run("SELECT 1") }
            #expect(FileContent.text(of: databases[0]) == "nothing of it is left")
            #expect(try await fixture.accounts.dataKeys(of: ada.id, userKey: ada.key()).pending == new)
        }
    }

    @Test("a change that fails before a file is replaced changes nothing")
    func damagedSource() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (zeroblob(100000))")
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            let old = try await ada.currentKey()
            damage(ada.database)
            await #expect(throws: (any Error).self) { try await ada.rotateKey() }
            #expect(try await ada.currentKey() == old)
            #expect(try await fixture.accounts.dataKeys(of: ada.id, userKey: ada.key()).pending == nil)
        }
    }
}

extension BackupsFixture.User {
    func rotateKey() async throws {
        try await fixture.backups.rotateKey(of: id, userKey: key())
    }

    func currentKey() async throws -> GuardedBytes {
        try await access.dataKey(in: fixture.engines)
    }

    func service(_ sql: String) async throws {
        try await withEngine { engine in
            _ = try await engine.withService(timeout: .seconds(10)) { try $0.rows(sql) }
        }
    }
}

extension Logger {
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}
