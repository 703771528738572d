import Accounts
import JSON
import SQLCipher
import Timekeeping
import UserEngines

/// The researches of all users: long-running work on behalf of a user that outlives their session.
///
/// What a research is lies in its user's service database; that it runs, in its lease. The record is written first and
/// the lease ended after it, so that a crash between the two leaves a record that is right and a lease that runs out.
public final class Researches: Sendable {
    /// What is told to those who listen.
    public let events: ResearchEvents

    let accounts: Accounts
    let engines: EngineRegistry
    let settings: ResearchSettings
    let locks: UserLocks
    private let time: any TimeSource

    /// Puts researches on the modules below. Those whose lease is good after a restart run on.
    public init(
        accounts: Accounts, engines: EngineRegistry, locks: UserLocks, settings: ResearchSettings, time: any TimeSource,
        events: ResearchEvents
    ) {
        self.accounts = accounts
        self.engines = engines
        self.locks = locks
        self.settings = settings
        self.time = time
        self.events = events
        for lease in accounts.researchLeases { events.begin(lease.id, of: lease.userID) }
    }

    /// Starts a research, with a session's token.
    ///
    /// Throws ``ResearchError``, ``AccountError`` with `research_limit`, what the registry throws. Nothing counts then.
    public func start(_ draft: ResearchDraft, by access: DataAccess) async throws -> ResearchGrant {
        guard access.session != nil else {
            throw ResearchError.notAuthorized("A research's token cannot start another one.")
        }
        let duration = try leaseDuration(draft)
        let user = access.user
        return try await locks.researchAdmission.withLock(user) {
            let id = try accounts.reserveResearchPlace(of: user, limits: settings.limits)
            // The lease takes the place over; without one it is given back.
            defer { accounts.giveBackResearchPlace(id) }
            let key = try await access.dataKey(in: engines)
            try await withStore(access) { store in
                try store.insert(id, draft, leaseExpiresAt: store.now.advanced(by: duration))
            }
            events.begin(id, of: user)
            do {
                return try await accounts.grantResearch(id, of: user, dataKey: key, duration: duration)
            } catch {
                events.end(id, state: nil)
                // The first error is the one to tell; a record that stays reads as expired.
                try? await withStore(access) { try $0.delete(id) }
                throw error
            }
        }
    }

    /// One research. A research's token reads its own alone.
    public func research(_ id: ResearchID, by access: DataAccess) async throws -> ResearchRecord {
        let record = try await withStore(access) { try $0.record(id) }
        try Self.requireOwn(id, access)
        return record
    }

    /// The researches of the user, the latest first; with a session's token.
    public func researches(
        in state: ResearchRecord.State?, _ page: PageRequest, by access: DataAccess
    ) async throws -> Page<ResearchRecord> {
        guard access.session != nil else {
            throw ResearchError.notAuthorized("A research's token reads its own research alone.")
        }
        return try await withStore(access) { try $0.list(state, page) }
    }

    /// Renews the lease, and writes what the worker says; with the research's own token.
    public func heartbeat(
        _ id: ResearchID, _ heartbeat: Heartbeat, by access: DataAccess
    ) async throws -> ResearchRecord {
        let lease = try await ownLease(id, access)
        let deadline = try await accounts.renew(lease)
        return try await withRunning(id, access) { [events] store in
            let (before, after) = try store.connection.transaction {
                let before = try Self.running(store.record(id))
                try store.update(id, heartbeat, leaseExpiresAt: deadline)
                return (before, try store.record(id))
            }
            // Told while the connection is held, and so in the order of the commits.
            if after.progress > before.progress {
                events.publish(.progress, json: EventText.progress(after.progress), of: id)
            }
            if let message = heartbeat.message { events.publish(.message, json: EventText.message(message), of: id) }
            return after
        }
    }

    /// Runs `body` while no research of the user runs and none can start, for what must have the files to itself.
    ///
    /// Throws ``ResearchError/active`` if one runs, and what `body` throws.
    public func withoutResearch<Result>(of user: UserID, _ body: () async throws -> Result) async throws -> Result {
        try await locks.researchAdmission.withLock(user) {
            guard accounts.researchLeases(of: user).isEmpty else { throw ResearchError.active }
            return try await body()
        }
    }

    /// Removes the leases that have run out; the records follow when somebody looks.
    public func endExpired() async throws {
        try await accounts.endExpiredLeases()
    }

    private func leaseDuration(_ draft: ResearchDraft) throws(ResearchError) -> Duration {
        guard let seconds = draft.leaseSeconds else { return settings.lease }
        let longest = settings.longestLease.components.seconds
        guard (1...longest).contains(seconds) else {
            throw .invalidField("lease_seconds", "must be a whole number from 1 to \(longest)")
        }
        return .seconds(seconds)
    }
}

extension Researches {
    /// Runs `body` with the user's records, which are as the leases are.
    func withStore<Result: Sendable>(
        _ access: DataAccess, _ body: @Sendable (ResearchStore) throws -> Result
    ) async throws -> Result {
        let user = access.user
        return try await access.withEngine(in: engines) { engine in
            try await engine.withService(timeout: settings.statementTimeout) { [accounts, time] connection in
                let store = ResearchStore(connection: connection, now: time.unixTime)
                try store.mend { accounts.isResearchRunning($0, of: user) }
                return try body(store)
            }
        }
    }

    /// The lease of the research whose own token this is. For any other token it is `notFound` where the user has no
    /// such research, as for a stranger's, and else `notAuthorized`.
    func ownLease(_ id: ResearchID, _ access: DataAccess) async throws -> ResearchLease {
        if let lease = access.lease, lease.id == id { return lease }
        _ = try await withStore(access) { try $0.record(id) }
        try Self.requireOwn(id, access)
        throw ResearchError.notAuthorized("Only the research's own token may do this.")
    }

    /// Refuses the token of another research.
    static func requireOwn(_ id: ResearchID, _ access: DataAccess) throws(ResearchError) {
        if let lease = access.lease, lease.id != id { throw .notAuthorized("The token is that of another research.") }
    }

    /// The record of a research that has not ended.
    static func running(_ record: ResearchRecord) throws(ResearchError) -> ResearchRecord {
        guard record.state == .running else { throw .ended(record.state) }
        return record
    }
}
