import CofferTesting
import Glibc
import SQLCipher
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts

@Suite("Leases of researches")
struct ResearchLeaseTests {
    private let limits = ResearchLimits(perUser: 2, total: 3)

    @Test("a token opens the data key until the research ends, and its user is active meanwhile")
    func life() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            let key = try GuardedBytes.random(count: 48)
            let grant = try await fixture.grant(of: user, key: key)
            #expect(fixture.activity.isActive(user, by: .research))
            #expect(fixture.activity.count(of: .research) == 1)
            let lease = try fixture.accounts.authenticate(grant.token)
            #expect(lease === grant.lease)
            #expect(try lease.dataKey(with: grant.token, at: fixture.time.now) == key)
            try await fixture.accounts.endLease(lease.id, of: user)
            await expectRefusal(.invalidToken) {
                try lease.dataKey(with: grant.token, at: fixture.time.now)
            }
            #expect(!fixture.activity.isActive(user))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(grant.token) }
            await expectRefusal(.invalidToken) { try await fixture.accounts.renew(lease) }
            #expect(fixture.accounts.researchLeases.isEmpty)
        }
    }

    @Test("a lease is over at its deadline, not before and not after, and no heartbeat brings it back")
    func deadline() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            let grant = try await fixture.grant(of: user, duration: .seconds(60))
            fixture.time.advance(by: .seconds(60) - .nanoseconds(1))
            #expect(throws: Never.self) { try fixture.accounts.authenticate(grant.token) }
            #expect(fixture.activity.isActive(user))
            fixture.time.advance(by: .nanoseconds(1))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(grant.token) }
            await expectRefusal(.invalidToken) { try await fixture.accounts.renew(grant.lease) }
            #expect(!fixture.activity.isActive(user), "protection ends before anybody has noticed")
            #expect(!fixture.accounts.isResearchRunning(grant.lease.id, of: user))
            #expect(fixture.observer.endedLeases == [])
            try await fixture.accounts.endExpiredLeases()
            #expect(fixture.observer.endedLeases == [grant.lease.id])
            #expect(try fixture.leaseRows() == 0)
        }
    }

    @Test("a heartbeat moves the deadline in memory and on disk")
    func renewal() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            let grant = try await fixture.grant(of: user, duration: .seconds(60))
            fixture.time.advance(by: .seconds(59))
            let deadline = try await fixture.accounts.renew(grant.lease)
            #expect(deadline == fixture.time.unixTime.advanced(by: .seconds(60)))
            #expect(grant.lease.expiresAt == deadline)
            fixture.time.advance(by: .seconds(59))
            try await fixture.accounts.endExpiredLeases()
            #expect(throws: Never.self) { try fixture.accounts.authenticate(grant.token) }
            let connection = try fixture.openCatalog()
            #expect(
                try connection.rows("SELECT expires FROM research_leases") == [[.integer(deadline.milliseconds)]])
            try connection.close()
        }
    }

    @Test(
        "after a restart a research runs on until the deadline of its last heartbeat, and is protected from the start")
    func restart() async throws {
        let directory = TemporaryDirectory()
        let time = ManualTime()
        var token: ResearchToken?
        var id: ResearchID?
        let key = try GuardedBytes.random(count: 48)
        try await withAccounts(in: directory, time: time) { fixture in
            let user = try await fixture.register("ada").user.id
            let grant = try await fixture.grant(of: user, key: key, duration: .seconds(60))
            time.advance(by: .seconds(30))
            _ = try await fixture.accounts.renew(grant.lease)
            (token, id) = (grant.token, grant.lease.id)
        }
        time.advance(by: .seconds(59))
        try await withAccounts(in: directory, time: time) { fixture in
            let lease = try #require(fixture.accounts.researchLeases.first)
            #expect(lease.id == id)
            #expect(fixture.activity.isActive(lease.userID, by: .research))
            let found = try fixture.accounts.authenticate(try #require(token))
            #expect(try found.dataKey(with: try #require(token), at: fixture.time.now) == key)
            time.advance(by: .milliseconds(999))
            #expect(fixture.activity.isActive(lease.userID))
            time.advance(by: .milliseconds(1))
            #expect(!fixture.activity.isActive(lease.userID))
        }
        try await withAccounts(in: directory, time: time) { fixture in
            #expect(fixture.accounts.researchLeases.isEmpty)
            let rows = try fixture.leaseRows()
            #expect(rows == 0)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(try #require(token)) }
        }
        withExtendedLifetime(directory) {}
    }

    @Test("a clock that was set back makes no lease longer than it is")
    func clockSetBack() async throws {
        let directory = TemporaryDirectory()
        try await withAccounts(in: directory) { fixture in
            _ = try await fixture.grant(of: try await fixture.register("ada").user.id, duration: .seconds(60))
        }
        let earlier = ManualTime(unixTime: ManualTime().unixTime.advanced(by: .hours(-10)))
        try await withAccounts(in: directory, time: earlier) { fixture in
            #expect(fixture.accounts.researchLeases.count == 1)
            earlier.advance(by: .seconds(60))
            #expect(fixture.accounts.researchLeases.isEmpty)
        }
        withExtendedLifetime(directory) {}
    }

    @Test("the limits hold for each user and in total, and say when a place may come free")
    func limits() async throws {
        try await withAccounts { fixture in
            let ada = try await fixture.register("ada").user.id
            let eve = try await fixture.register("eve").user.id
            let first = try await fixture.grant(of: ada, duration: .seconds(60))
            fixture.time.advance(by: .seconds(10))
            let place = try fixture.accounts.reserveResearchPlace(of: ada, limits: limits)
            let error = await expectRefusal(.researchLimit) {
                try fixture.accounts.reserveResearchPlace(of: ada, limits: limits)
            }
            #expect(error?.retryAfter == .seconds(50))
            _ = try await fixture.grant(of: eve, duration: .seconds(20))
            let total = await expectRefusal(.researchLimit) {
                try fixture.accounts.reserveResearchPlace(of: eve, limits: limits)
            }
            #expect(total?.retryAfter == .seconds(20))
            fixture.accounts.giveBackResearchPlace(place)
            _ = try fixture.accounts.reserveResearchPlace(of: eve, limits: limits)
            // What has run out takes no place, also before anybody has noticed.
            fixture.time.advance(by: .seconds(50))
            #expect(!fixture.accounts.isResearchRunning(first.lease.id, of: ada))
            for _ in 0..<2 { _ = try fixture.accounts.reserveResearchPlace(of: ada, limits: limits) }
        }
    }

    @Test("of many simultaneous starts as many are let in as there are places")
    func race() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            let admitted = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask { (try? fixture.accounts.reserveResearchPlace(of: user, limits: limits)) != nil }
                }
                return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(admitted == 2)
        }
    }

    @Test("a password change keeps researches; disabling or deleting the user ends them and wipes their seals")
    func user() async throws {
        try await withAccounts { fixture in
            let ada = try await fixture.register("ada").user.id
            let login = try await fixture.login("ada")
            let first = try await fixture.grant(of: ada)
            try await fixture.accounts.changePassword(
                of: login.session, from: .of("ada"), to: .text("a new password"), client: AccountsFixture.client)
            try await fixture.accounts.endSessions(of: ada)
            #expect(throws: Never.self) { try fixture.accounts.authenticate(first.token) }

            try await fixture.accounts.setDisabled(true, user: ada)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(first.token) }
            let key = try GuardedBytes.random(count: 48)
            await expectRefusal(.invalidToken) { try await fixture.grant(of: ada, key: key) }
            try await fixture.accounts.setDisabled(false, user: ada)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(first.token) }

            let second = try await fixture.grant(of: ada)
            try await fixture.accounts.deleteUser(ada, removingData: { _ in })
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(second.token) }
            #expect(fixture.observer.endedLeases == [first.lease.id, second.lease.id])
            #expect(!fixture.activity.isActive(ada))
            #expect(try fixture.leaseRows() == 0)
        }
    }

    @Test("the catalog holds neither token nor data key, and nothing of the seal once the research has ended")
    func traces() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            let key = try GuardedBytes.random(count: 48)
            let grant = try await fixture.grant(of: user, key: key)
            let connection = try fixture.openCatalog()
            let row = try #require(try connection.firstRow("SELECT seal, lookup_hash FROM research_leases"))
            try connection.close()
            guard case .blob(let seal) = row[0], case .blob(let hash) = row[1] else {
                Issue.record("unexpected \(row)")
                return
            }
            let during = try fixture.catalogBytes()
            #expect(during.contains(sequence: seal))
            #expect(!during.contains(sequence: key.withUnsafeBytes { Array($0.prefix(32)) }))
            #expect(!during.contains(sequence: grant.token.text().withUnsafeBytes { Array($0.dropFirst(6)) }))
            try await fixture.accounts.endLease(grant.lease.id, of: user)
            let after = try fixture.catalogBytes()
            #expect(!after.contains(sequence: Array(seal.suffix(32))))
            #expect(!after.contains(sequence: hash))
        }
    }

    @Test("nor once its user has been disabled")
    func tracesOfDisabled() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user.id
            _ = try await fixture.grant(of: user)
            let seal = try fixture.onlySeal(in: "research_leases")
            try await fixture.accounts.setDisabled(true, user: user)
            let bytes = try fixture.catalogBytes()
            #expect(!bytes.contains(sequence: Array(seal.suffix(32))))
        }
    }

    @Test("nor once it has run out while no server was there, although the last one was killed")
    func tracesOfExpired() async throws {
        let (directory, later) = (TemporaryDirectory(), ManualTime())
        var seal: [UInt8] = []
        try await withAccounts { fixture in
            _ = try await fixture.grant(of: try await fixture.register("ada").user.id, duration: .seconds(60))
            seal = try fixture.onlySeal(in: "research_leases")
            // What a process leaves that is killed here.
            for name in ["catalog.db", "catalog.db-wal"] {
                let copy = open(directory.file(name), O_WRONLY | O_CREAT, 0o600)
                defer { close(copy) }
                let bytes = try fileBytes(fixture.directory.file(name))
                try #require(write(copy, bytes, bytes.count) == bytes.count)
            }
        }
        later.advance(by: .seconds(60))
        try await withAccounts(in: directory, time: later) { fixture in
            #expect(fixture.accounts.researchLeases.isEmpty)
            let bytes = try fixture.catalogBytes()
            #expect(!bytes.contains(sequence: Array(seal.suffix(32))))
        }
        withExtendedLifetime(directory) {}
    }

    @Test("a lease of another user or research does not open, and a damaged one is left out")
    func tampering() async throws {
        let directory = TemporaryDirectory()
        var tokens: [ResearchToken] = []
        try await withAccounts(in: directory) { fixture in
            for name in ["ada", "eve", "bob"] {
                tokens.append(try await fixture.grant(of: try await fixture.register(name).user.id).token)
            }
            try fixture.tamper(
                """
                UPDATE research_leases SET user = (SELECT id FROM users WHERE username = 'eve')
                    WHERE user = (SELECT id FROM users WHERE username = 'ada');
                UPDATE research_leases SET seal = CAST(7 || seal AS BLOB), lookup_hash = x'00'
                    WHERE user = (SELECT id FROM users WHERE username = 'bob')
                """)
        }
        try await withAccounts(in: directory) { fixture in
            #expect(fixture.accounts.researchLeases.count == 2)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(tokens[0]) }
            #expect(throws: Never.self) { try fixture.accounts.authenticate(tokens[1]) }
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(tokens[2]) }
        }
        withExtendedLifetime(directory) {}
    }

    @Test("a catalog of version 1 opens, with its users and sessions, and gets the table of leases")
    func migration() async throws {
        let directory = TemporaryDirectory()
        var token: SessionToken?
        try await withAccounts(in: directory) { fixture in
            try await fixture.register("ada")
            token = try await fixture.login("ada").token
        }
        let path = directory.file("catalog.db")
        let connection = try Connection.open(ConnectionConfiguration(path: path, fileSystem: .unix), key: nil)
        try connection.execute("DROP TABLE research_leases; DROP TABLE backups; PRAGMA user_version = 1")
        let asReleased = try Connection.open(
            ConnectionConfiguration(path: directory.file("one.db"), createIfMissing: true), key: nil)
        try CatalogSchema.migrations.prefix(1).apply(to: asReleased)
        let tables = "SELECT name, sql FROM sqlite_schema ORDER BY name"
        #expect(try connection.rows(tables) == asReleased.rows(tables))
        try asReleased.close()
        try connection.close()
        try await withAccounts(in: directory) { fixture in
            let session = try fixture.accounts.authenticate(try #require(token))
            #expect(session.username == "ada")
            _ = try await fixture.grant(of: session.userID)
            #expect(try fixture.leaseRows() == 1)
        }
        withExtendedLifetime(directory) {}
    }
}

extension AccountsFixture {
    /// Lets a research begin, without any record.
    fileprivate func grant(
        of user: UserID, key: GuardedBytes? = nil, duration: Duration = .seconds(120)
    ) async throws -> ResearchGrant {
        let id = try accounts.reserveResearchPlace(of: user, limits: ResearchLimits())
        defer { accounts.giveBackResearchPlace(id) }
        return try await accounts.grantResearch(
            id, of: user, dataKey: try key ?? .random(count: 48), duration: duration)
    }

    fileprivate func leaseRows() throws -> Int64? {
        let connection = try openCatalog()
        defer { _ = try? connection.close() }
        guard case .integer(let count)? = try connection.firstRow("SELECT count(*) FROM research_leases")?.first else {
            return nil
        }
        return count
    }
}
