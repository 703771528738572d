import Secrets
import Timekeeping
import UserEngines

/// How many researches may run at once.
public struct ResearchLimits: Sendable {
    /// Of one user.
    public var perUser: Int
    /// Of all users.
    public var total: Int

    /// Takes the limits; the defaults are those of the server.
    public init(perUser: Int = 3, total: Int = 100) {
        self.perUser = perUser
        self.total = total
    }
}

/// What a research that has just begun gets.
public struct ResearchGrant: Sendable {
    /// Its lease.
    public let lease: ResearchLease
    /// The token; kept nowhere.
    public let token: ResearchToken
}

extension Accounts {
    /// Takes a place for one more research of a user, until ``grantResearch(_:of:dataKey:duration:)`` or
    /// ``giveBackResearchPlace(_:)``. Throws `research_limit`, with the soonest time at which a place may come free.
    public func reserveResearchPlace(of user: UserID, limits: ResearchLimits) throws(AccountError) -> ResearchID {
        let id = ResearchID()
        try leases.reserve(id, of: user, limits: limits, at: time.now)
        return id
    }

    /// Gives back the place of a research that has not come to start.
    public func giveBackResearchPlace(_ id: ResearchID) {
        leases.giveBack(id)
    }

    /// Lets a research that has a place begin: the user is active, and its token opens the user's data.
    ///
    /// Throws `invalid_token` if the user has been deleted or disabled meanwhile, ``CatalogError``; nothing has begun
    /// then, and the place is still taken.
    public func grantResearch(
        _ id: ResearchID, of user: UserID, dataKey: GuardedBytes, duration: Duration
    ) async throws -> ResearchGrant {
        let token = ResearchToken.random()
        let now = time.unixTime
        let record = ResearchLeaseRecord(
            id: id, userID: user, lookupHash: token.lookupHash,
            seal: try Seal(dataKey, under: token.sealingKey(), context: .dataKey(of: user, research: id)),
            created: now, expiresAt: now.advanced(by: duration), duration: duration)
        let lease = try await catalog.transaction { catalog in
            guard try catalog.insert(record) else { throw AccountError.invalidToken }
        } afterwards: { [leases, activity, time] in
            let lease = ResearchLease(record, activity: activity, time: time)
            leases.insert(lease)
            return lease
        }
        return ResearchGrant(lease: lease, token: token)
    }

    /// The lease that a token belongs to. Throws `invalid_token` when the research has ended or its lease has run out.
    public func authenticate(_ token: ResearchToken) throws(AccountError) -> ResearchLease {
        guard let lease = leases[token.lookupHash] else { throw .invalidToken }
        try lease.use(with: token, at: time.now)
        return lease
    }

    /// Moves a lease's deadline on; the new one, which a restart knows too. Throws `invalid_token` when it has passed.
    public func renew(_ lease: ResearchLease) async throws -> UnixTime {
        guard let deadline = lease.renew(time: time) else { throw AccountError.invalidToken }
        guard try await catalog.run({ try $0.renewResearchLease(lease.id, until: deadline) }) else {
            throw AccountError.invalidToken
        }
        return deadline
    }

    /// Ends a lease and wipes its seal; nothing happens if there is none.
    public func endLease(_ id: ResearchID, of user: UserID) async throws {
        try await catalog.transaction { catalog in
            try catalog.deleteResearchLeases([id])
        } afterwards: { [leases] in
            if let lease = leases.lease(id, of: user) { leases.end([lease]) }
        }
        await eraseTraces()
    }

    /// Removes the leases whose time is over, and which are refused already. Whoever listens for it is told.
    public func endExpiredLeases() async throws {
        let now = time.now
        let expired = leases.all.filter { !$0.isLive(at: now) }
        guard !expired.isEmpty else { return }
        let ended = try await catalog.transaction { catalog in
            try catalog.deleteResearchLeases(expired.map(\.id))
        } afterwards: { [leases] in
            leases.end(expired)
        }
        announce(ended)
        await eraseTraces()
    }

    /// Whether a research is running: its lease is good, or it is just being started.
    public func isResearchRunning(_ id: ResearchID, of user: UserID) -> Bool {
        leases.isRunning(id, of: user, at: time.now)
    }

    /// The running researches of a user.
    public func researchLeases(of user: UserID) -> [ResearchLease] {
        let now = time.now
        return leases.leases(of: user).filter { $0.isLive(at: now) }
    }

    /// All running researches.
    public var researchLeases: [ResearchLease] {
        let now = time.now
        return leases.all.filter { $0.isLive(at: now) }
    }

    /// Tells the observer, after the lock and the catalog have been left.
    func announce(_ ended: [ResearchLease]) {
        for lease in ended { observer?.researchLeaseEnded(lease) }
    }
}
