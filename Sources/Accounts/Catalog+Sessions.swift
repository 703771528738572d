import SQLCipher
import Timekeeping
import UserEngines

extension Catalog {
    /// Adds a session, if its user exists, is not disabled and still has the password version that let them in.
    func insert(_ session: SessionRecord, passwordVersion: Int64) throws -> Bool {
        try run(
            """
            INSERT INTO sessions (id, user, lookup_hash, seal, created, last_seen, expires, idle_timeout, address,
                user_agent)
            SELECT ?, id, ?, ?, ?, ?, ?, ?, ?, ? FROM users WHERE id = ? AND password_version = ? AND disabled = 0
            """,
            [
                .text(session.id.description), .blob(session.lookupHash.bytes), session.seal.value,
                session.created.value, session.lastSeen.value, session.expiresAt.value, session.idleTimeout.value,
                .text(session.address), .text(session.userAgent), .text(session.userID.description),
                .integer(passwordVersion),
            ]) == 1
    }

    /// All sessions with their users' names. A damaged record is left out: it admits nobody and stops nobody.
    func sessions() throws -> [Session] {
        let rows = try rows(
            """
            SELECT sessions.id, user, lookup_hash, seal, sessions.created, last_seen, expires, idle_timeout, address,
                user_agent, username
            FROM sessions JOIN users ON users.id = user WHERE disabled = 0
            """)
        let sessions = rows.compactMap { try? Self.session($0) }
        if sessions.count < rows.count {
            logger.warning(
                "the catalog has damaged session records", metadata: ["count": "\(rows.count - sessions.count)"])
        }
        return sessions
    }

    func hasSession(_ id: SessionID) throws -> Bool {
        try firstRow("SELECT 1 FROM sessions WHERE id = ?", [.text(id.description)]) != nil
    }

    /// Deletes sessions. Like every deletion of sessions it leaves their seals in the log, until
    /// ``Catalog/eraseLogIfOwed()``.
    func deleteSessions(_ ids: [SessionID]) throws {
        oweErasure()
        for id in ids { try run("DELETE FROM sessions WHERE id = ?", [.text(id.description)]) }
    }

    /// Deletes all sessions of a user, but one if told.
    func deleteSessions(of user: UserID, except kept: SessionID? = nil) throws {
        oweErasure()
        try run(
            "DELETE FROM sessions WHERE user = ? AND id IS NOT ?",
            [.text(user.description), kept.map { .text($0.description) } ?? .null])
    }

    /// Deletes what has expired, also what the memory does not know.
    func deleteSessions(expiredAt now: UnixTime) throws {
        oweErasure()
        try run(
            "DELETE FROM sessions WHERE expires <= ?1 OR last_seen + idle_timeout <= ?1", [now.value])
    }

    func setLastSeen(_ times: [(id: SessionID, time: UnixTime)]) throws {
        for (id, time) in times {
            try run("UPDATE sessions SET last_seen = ? WHERE id = ?", [time.value, .text(id.description)])
        }
    }

    private static func session(_ values: [Value]) throws -> Session {
        let row = CatalogRow(values, of: "sessions")
        let record = SessionRecord(
            id: try row.id(0), userID: try row.userID(1), lookupHash: try row.digest(2), seal: try row.seal(3),
            created: try row.time(4), lastSeen: try row.time(5), expiresAt: try row.time(6),
            idleTimeout: try row.duration(7), address: try row.text(8), userAgent: try row.text(9))
        return Session(record, username: try row.text(10))
    }
}
