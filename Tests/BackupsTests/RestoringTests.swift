import Accounts
import CofferTesting
import Glibc
import Research
import SQLCipher
import Secrets
import Testing

@testable import Backups
@testable import UserEngines

@Suite("Restoring backups")
struct RestoringTests {
    @Test("a restore brings back what was, and what it replaces is a backup to the last write")
    func restore() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (1)")
            let backup = try await ada.backUp("first")
            try await ada.run("INSERT INTO t VALUES (2)")
            let safety = try #require(try await ada.restore(backup))
            #expect(try await ada.run("SELECT v FROM t") == [[.integer(1)]])
            #expect(safety.kind == .safety)
            #expect(!StoredFile.isSame(ada.database, fixture.backups.path(of: safety)))
            try await fixture.backups.verify(safety.id, of: ada.id, userKey: ada.key())
            #expect(try await ada.restore(safety) != nil)
            #expect(try await ada.run("SELECT v FROM t ORDER BY v") == [[.integer(1)], [.integer(2)]])
            #expect(ada.backupFiles.count == 3)
        }
    }

    @Test("requests during a restore wait for it and succeed, before it with the old rows, after it with the new")
    func beside() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let backup = try await ada.backUp()
            try await ada.run("INSERT INTO t VALUES (1)")
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        while try await ada.integer("SELECT count(*) FROM t") == 1 {}
                    }
                }
                _ = try await ada.restore(backup)
                try await group.waitForAll()
            }
            #expect(try await ada.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("a restore waits for a request in flight, and gives up after a while with everything as it was")
    func draining() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let backup = try await ada.backUp()
            try await ada.run("INSERT INTO t VALUES (1)")
            let gate = Gate()
            let request = Task { try await ada.withEngine { _ in await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let hopeless = Task { try await ada.restore(backup) }
            try await eventually { fixture.isDraining(ada) }
            fixture.time.advance(by: .seconds(10))
            await #expect(throws: EngineError.inUse) { try await hopeless.value }
            #expect(try await ada.integer("SELECT count(*) FROM t") == 1)
            #expect(ada.backupFiles.count == 1)
            let patient = Task { try await ada.restore(backup) }
            try await eventually { fixture.isDraining(ada) }
            let late = Task { try await ada.integer("SELECT count(*) FROM t") }
            gate.open()
            try await request.value
            #expect(try await patient.value != nil)
            #expect([0, 1].contains(try await late.value))
            #expect(try await ada.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("shutting down ends what waits for its turn, waits for what has begun, and refuses the rest")
    func shutDown() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let (ada, bea) = (try await fixture.makeUser(), try await fixture.makeUser("bea"))
            try await ada.run("CREATE TABLE t(v)")
            let (begun, waiting) = (try await ada.backUp(), try await bea.backUp())
            let gate = Gate()
            let request = Task { try await ada.withEngine { _ in await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let restore = Task { try await ada.restore(begun) }
            try await eventually { fixture.isDraining(ada) }
            let refused = Task { try await bea.restore(waiting) }
            try await eventually { fixture.backups.turns.waitingCount == 1 }
            let isOver = Gate()
            let shutDown = Task {
                await fixture.backups.shutDown()
                isOver.open()
                await isOver.pass()
            }
            await #expect(throws: EngineError.shuttingDown) { try await refused.value }
            #expect(isOver.arrivals == 0, "a restore is under way")
            gate.open()
            try await request.value
            #expect(try await restore.value != nil)
            await shutDown.value
            await #expect(throws: EngineError.shuttingDown) { try await ada.restore(begun) }
        }
    }

    @Test("a damaged backup is refused and nothing is lost")
    func damagedBackup() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (zeroblob(100000))")
            let backup = try await ada.backUp()
            damage(fixture.backups.path(of: backup))
            await #expect(throws: BackupError.self) { try await ada.restore(backup) }
            FileContent.write("this is no database at all", to: fixture.backups.path(of: backup))
            await #expect(throws: BackupError.self) { try await ada.restore(backup) }
            FileTree.removeFile(fixture.backups.path(of: backup))
            await #expect(throws: BackupError.notFound) { try await ada.restore(backup) }
            #expect(try await ada.integer("SELECT count(*) FROM t") == 1)
            #expect(try await fixture.backups.backups(of: ada.id).count == 1)
        }
    }

    @Test("a backup that is deleted while it is restored is not found, also after it has been checked")
    func deletedMeanwhile() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            let backup = try await ada.backUp()
            let (key, present) = (try fixture.accounts.key(of: backup, userKey: ada.key()), try await ada.currentKey())
            try await fixture.backups.delete(backup.id, of: ada.id)
            await #expect(throws: BackupError.notFound) {
                _ = try await fixture.backups.reading(backup) {
                    try await fixture.backups.prepare(backup, key, .database, under: present)
                }
            }
        }
    }

    @Test("a restore helps when the database itself is damaged or gone", arguments: [true, false])
    func lostDatabase(isDamaged: Bool) async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let backup = try await ada.backUp()
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            if isDamaged {
                FileContent.write("nothing of it is left", to: ada.database)
            } else {
                FileTree.removeFile(ada.database)
            }
            await #expect(throws: (any Error).self) { try await ada.run("SELECT 1") }
            #expect((try await ada.restore(backup) != nil) == isDamaged)
            #expect(try await ada.integer("SELECT count(*) FROM t") == 0)
        }
    }

    @Test("what the server keeps for a user stays as it is, unless all parts are asked for")
    func parts() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            func service(_ sql: String) async throws -> [[Value]] {
                try await ada.withEngine { engine in
                    try await engine.withService(timeout: .seconds(10)) { try $0.rows(sql) }
                }
            }
            _ = try await service("CREATE TABLE mark(v)")
            let backup = try await ada.backUp()
            _ = try await service("INSERT INTO mark VALUES (1)")
            #expect(ada.backupFiles.count == 2)
            #expect(try await ada.restore(backup) != nil)
            #expect(try await service("SELECT count(*) FROM mark") == [[.integer(1)]])
            let safety = try #require(try await ada.restore(backup, parts: .all))
            #expect(try await service("SELECT count(*) FROM mark") == [[.integer(0)]])
            #expect(try await ada.restore(safety, parts: .all) != nil)
            #expect(try await service("SELECT count(*) FROM mark") == [[.integer(1)]])
        }
    }

    @Test("neither restore nor change of the key while a research runs, a backup is made or another of them runs")
    func refusals() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            let backup = try await ada.backUp()
            let place = try fixture.accounts.reserveResearchPlace(of: ada.id, limits: ResearchLimits())
            _ = try await fixture.accounts.grantResearch(
                place, of: ada.id, dataKey: try await ada.currentKey(), duration: .seconds(60))
            await #expect(throws: ResearchError.active) { try await ada.restore(backup) }
            await #expect(throws: ResearchError.active) { try await ada.rotateKey() }
            try await fixture.accounts.endLease(place, of: ada.id)
            let gate = Gate()
            let holder = Task { try await fixture.backups.turns.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let run = try fixture.backups.begin(with: ada.access, label: nil)
            await #expect(throws: BackupError.busy) { try await ada.restore(backup) }
            await #expect(throws: BackupError.busy) { try await ada.rotateKey() }
            try await fixture.backups.delete(run.id, of: ada.id)
            let restore = Task { try await ada.restore(backup) }
            try await eventually { fixture.backups.turns.waitingCount == 1 }
            await #expect(throws: BackupError.busy) { try await ada.restore(backup) }
            await #expect(throws: BackupError.busy) { try await ada.rotateKey() }
            #expect(throws: BackupError.busy) { try fixture.backups.begin(with: ada.access, label: nil) }
            await #expect(throws: BackupError.busy) { try await fixture.backups.delete(backup.id, of: ada.id) }
            gate.open()
            try await holder.value
            #expect(try await restore.value != nil)
        }
    }

    @Test("the safety backup's record comes after its unfinished file, by which a start finds what was cut off between")
    func fileBeforeRecord() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            let backup = try await ada.backUp()
            let catalog = try Connection.open(
                ConnectionConfiguration(path: fixture.files.catalogPath, fileSystem: .unix), key: nil)
            defer { _ = try? catalog.close() }
            // No record can be written meanwhile.
            try catalog.execute("BEGIN IMMEDIATE")
            let restore = Task { try await ada.restore(backup) }
            let directory = fixture.files.backupDirectory(of: ada.id)
            try await eventually {
                ada.backupFiles.contains {
                    $0.hasSuffix(".db.partial") && StoredFile.isSame("\(directory)/\($0)", ada.database)
                }
            }
            try catalog.execute("ROLLBACK")
            let safety = try #require(try await restore.value)
            #expect(StoredFile.exists(fixture.backups.path(of: safety)))
            #expect(ada.backupFiles.count == 2)
        }
    }

    @Test("a restore that ended between its two steps leaves the old database and no safety backup")
    func leftovers() async throws {
        try await withTemporaryDirectory { directory in
            var login: Login?
            try await BackupsFixture.run(in: directory) { fixture in
                let ada = try await fixture.makeUser()
                login = ada.login
                try await ada.run("CREATE TABLE t(v)")
                let backup = try await ada.backUp()
                #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
                // As a restore leaves it that is killed after the second name was given, or before that lost its end, and a
                // backup before the last name.
                for suffix in ["", ".partial"] {
                    let safety = BackupID()
                    try await fixture.accounts.insertBackup(
                        safety, of: ada.id, kind: .safety, label: nil, created: fixture.time.unixTime, bytes: 1)
                    let files = BackupFiles(safety, of: ada.id, created: fixture.time.unixTime, in: fixture.files)
                    try StoredFile.link(ada.database, to: files.main + suffix)
                }
                let unfinished = BackupID()
                try await fixture.accounts.insertBackup(
                    unfinished, of: ada.id, kind: .manual, label: nil, created: fixture.time.unixTime, bytes: 1)
                let partial = BackupFiles(unfinished, of: ada.id, created: fixture.time.unixTime, in: fixture.files)
                FileContent.write("half", to: partial.main + ".partial")
                FileContent.write("half", to: partial[.service])
                FileContent.write("half", to: ada.database + ".partial")
                #expect(ada.backupFiles.count == 5)
                #expect(try await fixture.backups.backups(of: ada.id).count == 4)
                #expect(StoredFile.exists(fixture.backups.path(of: backup)))
                try await fixture.backups.removeLeftovers()
                #expect(ada.backupFiles.count == 1)
                #expect(try await fixture.backups.backups(of: ada.id).map(\.id) == [backup.id])
                #expect(try await ada.integer("SELECT count(*) FROM t") == 0)
            }
            #expect(login != nil)
        }
    }

    @Test("a backup opens after a new password, and after a change of the key, under which it comes back")
    func afterNewKeys() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            let backup = try await ada.backUp()
            let before = FileContent.bytes(of: fixture.backups.path(of: backup))
            try await fixture.accounts.changePassword(
                of: ada.login.session, from: BackupsFixture.password("ada"),
                to: Password(copying: Array("quite another one".utf8)), client: BackupsFixture.client)
            try await ada.rotateKey()
            #expect(FileContent.bytes(of: fixture.backups.path(of: backup)) == before)
            try await ada.run("INSERT INTO t VALUES (1)")
            try await fixture.backups.verify(backup.id, of: ada.id, userKey: ada.key())
            #expect(try await ada.restore(backup) != nil)
            #expect(try await ada.integer("SELECT count(*) FROM t") == 0)
            let other = try await ada.backUp()
            try await fixture.backups.verify(other.id, of: ada.id, userKey: ada.key())
        }
    }
}

extension BackupsFixture {
    /// Whether somebody waits for the requests of a user to end.
    fileprivate func isDraining(_ user: User) -> Bool {
        engines.decide { state in
            if case .draining = state.entries[user.id] { true } else { false }
        }
    }
}
