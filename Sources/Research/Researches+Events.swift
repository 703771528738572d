import Accounts

extension Researches {
    /// Whether a research of the user runs, so that its events can be followed. No record is read, and nothing is
    /// opened for a token that has proved itself in this process: a listener costs nobody a connection.
    ///
    /// Throws ``ResearchError`` with `not_authorized` for the token of another research of the same user.
    public func isRunning(_ id: ResearchID, by access: DataAccess) async throws -> Bool {
        let user = access.user
        guard events.isRunning(id, of: user), accounts.isResearchRunning(id, of: user) else { return false }
        try Self.requireOwn(id, access)
        // What events tell comes out of the user's file.
        try await access.prove(in: engines)
        return true
    }
}
