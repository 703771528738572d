import UserEngines

extension Accounts {
    /// A user by id; `nil` if there is none.
    public func user(_ id: UserID) async throws -> User? {
        try await catalog.user(id).map(User.init)
    }

    /// A user by name in any case; `nil` if there is none.
    public func user(named name: String) async throws -> User? {
        guard let username = try? Username(name) else { return nil }
        return try await catalog.user(named: username).map(User.init)
    }

    /// Up to `limit` users in the order of their lower-case names, those after `name` first.
    public func users(after name: String = "", limit: Int) async throws -> [User] {
        try await catalog.users(after: name.lowercased(), limit: limit).map(User.init)
    }

    /// Those ids whose user the catalog does not know.
    public func unknown(of ids: [UserID]) async throws -> [UserID] {
        let known = try await catalog.userIDs()
        return ids.filter { !known.contains($0) }
    }

    /// Keeps a user from logging in and ends all their sessions and research leases, or lets them in again. Throws
    /// `not_found`.
    public func setDisabled(_ isDisabled: Bool, user: UserID) async throws {
        let (endedSessions, endedLeases) = try await catalog.transaction { catalog in
            guard try catalog.setDisabled(isDisabled, user: user) else { throw AccountError.userNotFound }
            guard isDisabled else { return }
            try catalog.deleteSessions(of: user)
            try catalog.deleteResearchLeases(of: user)
        } afterwards: { [sessions, leases] in
            isDisabled ? (sessions.end(sessions.sessions(of: user)), leases.end(leases.leases(of: user))) : ([], [])
        }
        announce(endedSessions)
        announce(endedLeases)
        if isDisabled { await eraseTraces() }
    }
}
