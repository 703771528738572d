import Secrets
import Timekeeping
import UserEngines

extension Accounts {
    /// How long a deletion waits for other processes to stop reading the catalog.
    private static let erasureTimeout = Duration.seconds(5)

    /// Deletes the user of a session, first of all the seals: from then on nothing opens the user's files any more.
    ///
    /// Throws ``AccountError`` with `invalid_credentials` for a wrong password, `invalid_token`, `too_many_attempts` or
    /// `password_queue_full`, and what ``deleteUser(_:removingData:)`` throws.
    public func deleteUser(
        of session: Session, password: Password, client: Client,
        removingData: @Sendable (UserID) async throws -> Void
    ) async throws {
        _ = try await unlock(session, with: password, from: client)
        try await deleteUser(session.userID, removingData: removingData)
    }

    /// Deletes a user: sessions and researches end and the seals are overwritten, then `removingData` closes the user's
    /// engine and removes the files.
    ///
    /// Throws ``AccountError`` with `not_found`, what `removingData` throws, and if the catalog's log could not be
    /// emptied what prevented it: ``CatalogError/erasureIncomplete`` for another process that reads the catalog. User
    /// and files are gone then nevertheless.
    public func deleteUser(
        _ user: UserID, removingData: @Sendable (UserID) async throws -> Void
    ) async throws {
        let (endedSessions, endedLeases) = try await catalog.transaction { catalog in
            guard try catalog.deleteUser(user) else { throw AccountError.userNotFound }
        } afterwards: { [sessions, leases] in
            (sessions.end(sessions.sessions(of: user)), leases.end(leases.leases(of: user)))
        }
        announce(endedSessions)
        announce(endedLeases)
        // The record is gone, so nobody can ask for this again: the files go whatever becomes of the log.
        var erasureError: (any Error)?
        do {
            try await eraseLog(until: time.now.advanced(by: Self.erasureTimeout))
        } catch {
            erasureError = error
        }
        try await removingData(user)
        if let erasureError { throw erasureError }
    }

    private func eraseLog(until deadline: MonotonicInstant) async throws {
        while try await !catalog.eraseLogOrRemember() {
            guard time.now < deadline else { throw CatalogError.erasureIncomplete }
            // In a task of its own: a deletion that has begun goes on when its caller is cancelled.
            try await Task { [time] in try await time.sleep(for: .milliseconds(50)) }.value
        }
    }
}
