import CofferTesting
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts

@Suite("Sessions")
struct SessionTests {
    @Test("open the user's data key: 48 bytes, the same in every session")
    func dataKey() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let (first, second) = (try await fixture.login("ada"), try await fixture.login("ada"))
            let key = try await fixture.accounts.dataKey(for: first.session, with: first.token)
            #expect(key.count == 48)
            #expect(try await fixture.accounts.dataKey(for: second.session, with: second.token) == key)
            #expect(try fixture.accounts.unlockUserKey(of: first.session, with: first.token).count == 32)
        }
    }

    @Test("do not open with another session's token")
    func foreignToken() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let (first, second) = (try await fixture.login("ada"), try await fixture.login("ada"))
            await expectRefusal(.invalidToken) {
                try await fixture.accounts.dataKey(for: first.session, with: second.token)
            }
        }
    }

    @Test("end two hours after their last use")
    func idle() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let login = try await fixture.login("ada")
            for _ in 0..<3 {
                fixture.time.advance(by: Duration.hours(2) - .milliseconds(1))
                _ = try fixture.accounts.authenticate(login.token)
                #expect(fixture.activity.isActive(user.id))
            }
            fixture.time.advance(by: .hours(2))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
            #expect(!fixture.activity.isActive(user.id))
            #expect(fixture.accounts.sessions(of: user.id).isEmpty)
            #expect(fixture.accounts.activeSessionCount == 0)
        }
    }

    @Test("end a day after the login however much they are used")
    func lifetime() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let login = try await fixture.login("ada")
            #expect(login.session.expiresAt == fixture.time.unixTime.advanced(by: .hours(24)))
            for _ in 0..<23 {
                fixture.time.advance(by: .hours(1))
                _ = try fixture.accounts.authenticate(login.token)
            }
            fixture.time.advance(by: .hours(1))
            #expect(!fixture.activity.isActive(user.id))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
        }
    }

    @Test("live for thirty days, used or not, when the user asked to be remembered")
    func remember() async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let login = try await fixture.login("ada", remember: true)
            fixture.time.advance(by: Duration.hours(720) - .milliseconds(1))
            _ = try fixture.accounts.authenticate(login.token)
            fixture.time.advance(by: .milliseconds(1))
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(login.token) }
        }
    }

    @Test("are removed once expired, and their users told")
    func expiry() async throws {
        try await withAccounts { fixture in
            let ada = try await fixture.register("ada").user
            let bob = try await fixture.register("bob").user
            let expiring = [try await fixture.login("ada"), try await fixture.login("ada")]
            let remembered = try await fixture.login("bob", remember: true)
            #expect(try await fixture.accounts.endExpiredSessions() == [])
            fixture.time.advance(by: .hours(3))
            #expect(try await fixture.accounts.endExpiredSessions() == [ada.id])
            #expect(Set(fixture.observer.endedSessions) == Set(expiring.map(\.session.id)))
            #expect(try await fixture.accounts.catalog.sessions().map(\.id) == [remembered.session.id])
            #expect(fixture.activity.isActive(bob.id))
            #expect(try await fixture.accounts.endExpiredSessions() == [])
        }
    }

    @Test("are listed with what is known of them, the latest first")
    func listing() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            let first = try await fixture.login("ada")
            fixture.time.advance(by: .seconds(10))
            let second = try await fixture.login("ada")
            fixture.time.advance(by: .seconds(10))
            _ = try fixture.accounts.authenticate(first.token)
            let sessions = fixture.accounts.sessions(of: user.id)
            #expect(sessions.map(\.id) == [second.session.id, first.session.id])
            #expect(sessions[1].lastSeen == fixture.time.unixTime)
            #expect(sessions[0].lastSeen == sessions[0].created)
        }
    }

    @Test("end one by one, and only by their own user")
    func revokeOne() async throws {
        try await withAccounts { fixture in
            let ada = try await fixture.register("ada").user
            let bob = try await fixture.register("bob").user
            let (kept, revoked) = (try await fixture.login("ada"), try await fixture.login("ada"))
            await expectRefusal(.notFound) {
                try await fixture.accounts.endSession(revoked.session.id, of: bob.id)
            }
            _ = try fixture.accounts.authenticate(revoked.token)
            try await fixture.accounts.endSession(revoked.session.id, of: ada.id)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(revoked.token) }
            await expectRefusal(.invalidToken) {
                try await fixture.accounts.dataKey(for: revoked.session, with: revoked.token)
            }
            await expectRefusal(.notFound) { try await fixture.accounts.endSession(revoked.session.id, of: ada.id) }
            _ = try fixture.accounts.authenticate(kept.token)
            #expect(fixture.activity.isActive(ada.id))
            #expect(fixture.observer.endedSessions == [revoked.session.id])
            try await fixture.accounts.endSession(kept.session.id, of: ada.id)
            #expect(!fixture.activity.isActive(ada.id))
        }
    }

    @Test("end all together, or all but one")
    func revokeOthers() async throws {
        try await withAccounts { fixture in
            let ada = try await fixture.register("ada").user
            try await fixture.register("bob")
            let (kept, other) = (try await fixture.login("ada"), try await fixture.login("ada"))
            let foreign = try await fixture.login("bob")
            try await fixture.accounts.endSessions(of: ada.id, except: kept.session)
            _ = try fixture.accounts.authenticate(kept.token)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(other.token) }
            try await fixture.accounts.endSessions(of: ada.id)
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(kept.token) }
            _ = try fixture.accounts.authenticate(foreign.token)
        }
    }

    enum End: CaseIterable {
        case one, all, expiry

        func happen(to session: Session, in fixture: AccountsFixture) async throws {
            switch self {
            case .one: try await fixture.accounts.endSession(session.id, of: session.userID)
            case .all: try await fixture.accounts.endSessions(of: session.userID)
            case .expiry:
                fixture.time.advance(by: .hours(3))
                #expect(try await fixture.accounts.endExpiredSessions() == [session.userID])
            }
        }
    }

    @Test(
        "leave nothing of their seal on the disk once their times are written, however they end",
        arguments: End.allCases)
    func traces(of end: End) async throws {
        try await withAccounts { fixture in
            try await fixture.register("ada")
            let session = try await fixture.login("ada").session
            let seal = Array(try fixture.onlySeal(in: "sessions").suffix(32))
            try await fixture.accounts.flushLastSeen()
            #expect(try fixture.catalogBytes().contains(sequence: seal))
            try await end.happen(to: session, in: fixture)
            try await fixture.accounts.flushLastSeen()
            #expect(try !fixture.catalogBytes().contains(sequence: seal))
        }
    }

    @Test("leave nothing of their seal on the disk when their user has been disabled")
    func tracesOfDisabled() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            _ = try await fixture.login("ada")
            let seal = Array(try fixture.onlySeal(in: "sessions").suffix(32))
            try await fixture.accounts.setDisabled(true, user: user.id)
            #expect(try !fixture.catalogBytes().contains(sequence: seal))
        }
    }

    @Test("No use succeeds that began after the end had returned, whatever else is going on")
    func revocationIsFinal() async throws {
        try await withAccounts { fixture in
            let user = try await fixture.register("ada").user
            for _ in 0..<20 {
                let login = try await fixture.login("ada")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<3 {
                        group.addTask {
                            while (try? fixture.accounts.authenticate(login.token)) != nil { await Task.yield() }
                        }
                    }
                    group.addTask {
                        try await fixture.accounts.endSession(login.session.id, of: user.id)
                        for _ in 0..<100 {
                            #expect(throws: AccountError.self) { try fixture.accounts.authenticate(login.token) }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(!fixture.activity.isActive(user.id))
            }
        }
    }

    @Test("A token that belongs to nothing is refused")
    func unknownToken() async throws {
        try await withAccounts { fixture in
            await expectRefusal(.invalidToken) { try fixture.accounts.authenticate(SessionToken.random()) }
        }
    }
}
