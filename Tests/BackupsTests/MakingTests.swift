import Accounts
import CofferTesting
import Glibc
import SQLCipher
import Synchronization
import Testing

@testable import Backups
@testable import UserEngines

@Suite("Making backups")
struct MakingTests {
    @Test("a backup made under writes holds one moment, and takes neither reader nor writer from its user")
    func consistency() async throws {
        try await BackupsFixture.run {
            $0.engines.readers = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE a(v)")
            try await ada.run("CREATE TABLE b(v)")
            try await ada.run(
                """
                WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
                INSERT INTO a SELECT randomblob(4000) FROM n
                """)
            let writes = Atomic(0)
            let writer = Task {
                while !Task.isCancelled {
                    // In two tables at once, so that a copy of two moments would show.
                    try await ada.withEngine { engine in
                        try await engine.runBatch(atomic: true, timeout: .seconds(10)) { runner in
                            try runner.run("INSERT INTO a VALUES (1)", .none) { statement, _ in _ = try statement.step()
                            }
                            try runner.run("INSERT INTO b VALUES (1)", .none) { statement, _ in _ = try statement.step()
                            }
                        }
                    }
                    writes.add(1, ordering: .relaxed)
                }
            }
            try await eventually { writes.load(ordering: .relaxed) > 10 }
            let before = writes.load(ordering: .relaxed)
            let backup = try await ada.backUp()
            #expect(writes.load(ordering: .relaxed) > before, "nobody could write meanwhile")
            writer.cancel()
            _ = await writer.result
            #expect(ada.backupFiles.count == 1)
            #expect(backup.bytes == DataDirectory.size(ofFile: fixture.backups.path(of: backup)))
            #expect(FileTree.permissions(of: fixture.backups.path(of: backup)) == 0o600)
            #expect(try await ada.restore(backup) != nil)
            #expect(try await ada.integer("SELECT (SELECT count(*) FROM a) - (SELECT count(*) FROM b)") == 3000)
            #expect(fixture.scrape.contains(#"coffer_backups_total{result="success"} 1"#))
            #expect(fixture.scrape.contains("coffer_backup_bytes_total \(backup.bytes)"))
        }
    }

    @Test("whoever asks while a backup is being made gets that one")
    func joining() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            // Nothing is copied before somebody else's turn has ended.
            let gate = Gate()
            let holder = Task { try await fixture.backups.turns.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            let first = try fixture.backups.begin(with: ada.access, label: "first")
            let second = try fixture.backups.begin(with: ada.access, label: "second")
            #expect(second === first)
            #expect(fixture.backups.running(of: ada.id) === first)
            gate.open()
            try await holder.value
            #expect(try await second.value().id == first.id)
            #expect(first.progress.done == first.progress.total && first.progress.total > 0)
            #expect(fixture.backups.running(of: ada.id) == nil)
            #expect(try await fixture.backups.backups(of: ada.id).map(\.label) == ["first"])
        }
    }

    @Test("the sqlcipher command opens a backup with its key")
    func otherProgram() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES ('kept')")
            let backup = try await ada.backUp()
            let key = try fixture.accounts.key(of: backup, userKey: try ada.key()).withUnsafeBytes { bytes in
                bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
            }
            // On a copy: the command may write beside what it opens.
            let path = fixture.directory + "/copy.db"
            FileContent.write(FileContent.bytes(of: fixture.backups.path(of: backup)), to: path)
            let sql = "PRAGMA key = \"x'\(key)'\";\nSELECT v FROM t;\nPRAGMA cipher_integrity_check;\n"
            let outcome = try await ChildProcess.run(
                "/usr/bin/sqlcipher", ["-batch", "-init", "/dev/null", path], in: fixture.directory,
                input: Array(sql.utf8))
            #expect(outcome.output.split(separator: "\n") == ["ok", "kept"], "\(outcome.errors)")
        }
    }

    @Test("a user has so many backups with a label, and any number of others is made")
    func labels() async throws {
        try await BackupsFixture.run {
            $0.backups.labelledLimit = 2
        } _: { fixture in
            let ada = try await fixture.makeUser()
            for label in ["one", "two"] { _ = try await ada.backUp(label) }
            await #expect(throws: BackupError.tooManyLabelled(limit: 2)) { try await ada.backUp("three") }
            let other = try await ada.backUp()
            #expect(try await fixture.backups.backups(of: ada.id).count == 3)
            #expect(other.label == nil)
        }
    }

    @Test("a leftover that cannot be removed does not keep the server from starting")
    func unremovable() async throws {
        try await withTemporaryDirectory { directory in
            try await BackupsFixture.run(in: directory) { fixture in
                let ada = try await fixture.makeUser()
                // No file, and so not removed as one.
                mkdir(ada.database + StoredFile.partialSuffix, 0o700)
                try await fixture.backups.removeLeftovers()
                #expect(StoredFile.exists(ada.database + StoredFile.partialSuffix))
                rmdir(ada.database + StoredFile.partialSuffix)
            }
        }
    }

    @Test("what is left half done goes, whoever of how many users it is of", arguments: [1, 3, 7])
    func leftovers(count: Int) async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 3
        } _: { fixture in
            var kept: Set<String> = []
            for number in 0..<count {
                let user = try await fixture.makeUser("user-\(number)")
                let directory = fixture.files.directory(of: user.id)
                // Not everybody has backups.
                if number % 2 == 0 {
                    _ = try await user.backUp()
                    FileContent.write("", to: fixture.files.backupDirectory(of: user.id) + "/x.db.partial-journal")
                }
                kept.formUnion(FileTree.paths(under: directory).filter { $0.hasSuffix(".db") })
                for name in ["main.db.partial", "main.db.partial-wal", "temporary-1.partial"] {
                    FileContent.write("", to: "\(directory)/\(name)")
                }
            }
            try await fixture.backups.removeLeftovers()
            #expect(Set(FileTree.paths(under: fixture.files.usersPath).filter { kept.contains($0) }) == kept)
            #expect(FileTree.paths(under: fixture.files.usersPath).filter { $0.contains(".partial") } == [])
            #expect(kept.filter { $0.hasSuffix("/main.db") }.count == count)
        }
    }

    @Test("a cancelled backup leaves nothing")
    func cancellation() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            let run = try await beginLong(of: ada, in: fixture)
            try await fixture.backups.delete(run.id, of: ada.id)
            await #expect(throws: BackupError.cancelled) { try await run.value() }
            #expect(ada.backupFiles == [])
            #expect(try await fixture.backups.backups(of: ada.id).isEmpty)
            #expect(try await ada.integer("SELECT count(*) FROM t") == 20_000)
            #expect(fixture.scrape.contains(#"coffer_backups_total{result="cancelled"} 1"#))
        }
    }

    @Test("an engine that must close is not kept by a backup")
    func closing() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            let run = try await beginLong(of: ada, in: fixture)
            try await fixture.backups.deleteFiles(of: ada.id)
            await #expect(throws: (any Error).self) { try await run.value() }
            #expect(!StoredFile.exists(fixture.files.directory(of: ada.id)))
        }
    }

    @Test("a backup for which there is no room is refused before anything is written")
    func noRoom() async throws {
        try await BackupsFixture.run {
            $0.backups.userDiskBytes = 20_000
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            await #expect(throws: BackupError.userDiskFull(limit: 20_000)) { try await ada.backUp() }
            #expect(ada.backupFiles == [])
        }
        try await BackupsFixture.run {
            $0.backups.reservedBytes = 1 << 60
        } _: { fixture in
            let ada = try await fixture.makeUser()
            await #expect(throws: BackupError.diskFull) { try await ada.backUp() }
            #expect(fixture.backups.failed(of: ada.id)?.error as? BackupError == .diskFull)
            #expect(fixture.scrape.contains(#"coffer_backups_total{result="failed"} 1"#))
        }
    }

    @Test("a backup without descriptors is refused, and works when there are some")
    func noDescriptors() async throws {
        try await BackupsFixture.run {
            $0.descriptorBudget = 4
        } _: { fixture in
            let ada = try await fixture.makeUser()
            // The writer has two, a copy needs three.
            try await ada.run("CREATE TABLE t(v)")
            let backup = Task { try await ada.backUp() }
            try await eventually { fixture.budget.waiting == 1 }
            fixture.time.advance(by: .seconds(10))
            await #expect(throws: EngineError.descriptorBudget) { try await backup.value }
            #expect(ada.backupFiles == [])
        }
        try await BackupsFixture.run {
            $0.descriptorBudget = 5
        } _: { fixture in
            _ = try await fixture.makeUser().backUp()
        }
    }

    @Test("old backups go once the new one is safe, and those with a label stay")
    func retention() async throws {
        try await BackupsFixture.run {
            $0.backups.keep = 2
        } _: { fixture in
            let ada = try await fixture.makeUser()
            for label in ["kept", nil, nil, nil] {
                _ = try await ada.backUp(label)
                fixture.time.advance(by: .seconds(1))
            }
            let backups = try await fixture.backups.backups(of: ada.id)
            #expect(backups.map(\.label) == [nil, nil, "kept"])
            #expect(ada.backupFiles.count == 3)
        }
    }

    @Test("the backup just made stays, although the clock was put back and it looks like the oldest")
    func retentionAfterClockChange() async throws {
        try await BackupsFixture.run {
            $0.backups.keep = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await fixture.accounts.insertBackup(
                BackupID(), of: ada.id, kind: .manual, label: nil,
                created: fixture.time.unixTime.advanced(by: .seconds(3600)), bytes: 1)
            let backup = try await ada.backUp()
            #expect(try await fixture.backups.backup(backup.id, of: ada.id).id == backup.id)
            #expect(StoredFile.exists(fixture.backups.path(of: backup)))
        }
    }

    @Test("a damaged database gives no backup, and the earlier one stays")
    func damagedSource() async throws {
        try await BackupsFixture.run {
            $0.backups.keep = 1
        } _: { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (zeroblob(100000))")
            let good = try await ada.backUp()
            #expect(await fixture.engines.forceClose(ada.id, reason: .admin))
            damage(ada.database)
            await #expect(throws: (any Error).self) { try await ada.backUp() }
            #expect(try await fixture.backups.backups(of: ada.id).map(\.id) == [good.id])
            #expect(ada.backupFiles.count == 1)
        }
    }

    @Test("whoever has many backups verified takes one turn at a time")
    func verificationsOfOne() async throws {
        try await BackupsFixture.run {
            $0.backups.atOnce = 1
        } _: { fixture in
            let (ada, bea) = (try await fixture.makeUser(), try await fixture.makeUser("bea"))
            let (adas, beas) = (try await ada.backUp(), try await bea.backUp())
            let gate = Gate()
            let holder = Task { try await fixture.backups.turns.withTurn { await gate.pass() } }
            await gate.arrivals(atLeast: 1)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (user, backup) in [(ada, adas), (ada, adas), (ada, adas), (bea, beas)] {
                    group.addTask {
                        try await fixture.backups.verify(backup.id, of: user.id, userKey: user.key())
                    }
                }
                try await eventually {
                    fixture.locks.backup.waiterCount(ada.id) == 2 && fixture.backups.turns.waitingCount == 2
                }
                gate.open()
                try await group.waitForAll()
            }
            try await holder.value
        }
    }

    @Test("damage to a backup, and a missing file, show when it is verified")
    func verification() async throws {
        try await BackupsFixture.run { fixture in
            let ada = try await fixture.makeUser()
            try await ada.run("CREATE TABLE t(v)")
            try await ada.run("INSERT INTO t VALUES (zeroblob(100000))")
            let backup = try await ada.backUp()
            try await fixture.backups.verify(backup.id, of: ada.id, userKey: ada.key())
            #expect(ada.backupFiles.count == 1)
            damage(fixture.backups.path(of: backup))
            let error = await #expect(throws: BackupError.self) {
                try await fixture.backups.verify(backup.id, of: ada.id, userKey: ada.key())
            }
            guard case .invalidDatabase(let problems) = error else { throw try #require(error) }
            #expect(problems.contains { $0.contains("page") })
            FileTree.removeFile(fixture.backups.path(of: backup))
            #expect(!fixture.backups.hasFile(backup))
            await #expect(throws: BackupError.notFound) {
                try await fixture.backups.verify(backup.id, of: ada.id, userKey: ada.key())
            }
        }
    }

    @Test("one user's backups are nobody else's")
    func strangers() async throws {
        try await BackupsFixture.run { fixture in
            let (ada, bob) = (try await fixture.makeUser("ada"), try await fixture.makeUser("bob"))
            let backup = try await ada.backUp()
            #expect(try await fixture.backups.backups(of: bob.id).isEmpty)
            await #expect(throws: BackupError.notFound) { try await fixture.backups.backup(backup.id, of: bob.id) }
            await #expect(throws: BackupError.notFound) { try await fixture.backups.delete(backup.id, of: bob.id) }
            await #expect(throws: BackupError.notFound) { try await bob.restore(backup) }
            #expect(ada.backupFiles.count == 1)
        }
    }

    /// A backup of so much that it is still being made when this returns.
    private func beginLong(of user: BackupsFixture.User, in fixture: BackupsFixture) async throws -> BackupRun {
        try await user.run("CREATE TABLE t(v)")
        try await user.run(
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
            INSERT INTO t SELECT randomblob(4000) FROM n
            """)
        let run = try fixture.backups.begin(with: user.access, label: nil)
        try await eventually { run.progress.done > 0 }
        return run
    }
}

/// Changes a byte in the middle of a file that nobody has open.
func damage(_ path: String) {
    var bytes = FileContent.bytes(of: path)
    bytes[bytes.count / 2] ^= 1
    FileContent.write(bytes, to: path)
}
