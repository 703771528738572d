import Accounts

extension Researches {
    /// Ends a research: its token opens nothing any more, and the user's engine closes if nobody else is active on it.
    ///
    /// It takes the research's own token; to cancel, also a session's. Throws ``ResearchError/ended(_:)`` if it has
    /// ended. A worker whose answer got lost in a crash may say again how its research ended.
    public func end(_ id: ResearchID, _ ending: Ending, by access: DataAccess) async throws -> ResearchRecord {
        if ending.state != .cancelled || access.lease != nil { _ = try await ownLease(id, access) }
        let record = try await withRunning(id, access) { store in
            try store.connection.transaction {
                let record = try store.record(id)
                if access.lease != nil && record.state == ending.state { return record }
                _ = try Self.running(record)
                try store.end(id, ending)
                return try store.record(id)
            }
        }
        try await endLease(id, record.state, access)
        return record
    }

    /// Runs `body` with the user's records. If it finds that the research has ended, what a crash may have left of its
    /// lease ends too, before the worker learns it.
    func withRunning<Result: Sendable>(
        _ id: ResearchID, _ access: DataAccess, _ body: @Sendable (ResearchStore) throws -> Result
    ) async throws -> Result {
        do {
            return try await withStore(access, body)
        } catch ResearchError.ended(let state) {
            try await endLease(id, state, access)
            throw ResearchError.ended(state)
        }
    }

    /// Cancels all researches of a user, also one that is just being started. Their tokens open nothing any more even
    /// if the records cannot be written; those read as expired then.
    public func cancelAll(by access: DataAccess) async throws {
        try await locks.researchAdmission.withLock(access.user) { try await cancelRunning(access) }
    }

    private func cancelRunning(_ access: DataAccess) async throws {
        let running = accounts.researchLeases(of: access.user)
        guard !running.isEmpty else { return }
        let written: Result<Void, any Error>
        do {
            try await withStore(access) { store in
                try store.connection.transaction {
                    for id in try store.running() { try store.end(id, .cancelled) }
                }
            }
            written = .success(())
        } catch {
            written = .failure(error)
        }
        for lease in running { try await endLease(lease.id, .cancelled, access) }
        try written.get()
    }

    private func endLease(_ id: ResearchID, _ state: ResearchRecord.State, _ access: DataAccess) async throws {
        try await accounts.endLease(id, of: access.user)
        events.end(id, state: EventText.state(state))
        await engines.closeIfUnneeded(access.user, reason: .logout)
    }
}
