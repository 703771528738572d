import SQLCipher
import Timekeeping
import UserEngines

extension Catalog {
    /// Adds a lease, if its user exists and is not disabled.
    func insert(_ lease: ResearchLeaseRecord) throws -> Bool {
        try run(
            """
            INSERT INTO research_leases (id, user, lookup_hash, seal, created, expires, duration)
            SELECT ?, id, ?, ?, ?, ?, ? FROM users WHERE id = ? AND disabled = 0
            """,
            [
                .text(lease.id.description), .blob(lease.lookupHash.bytes), lease.seal.value, lease.created.value,
                lease.expiresAt.value, lease.duration.value, .text(lease.userID.description),
            ]) == 1
    }

    /// All leases. A damaged record is left out: it opens nothing and protects nobody.
    func researchLeases() throws -> [ResearchLeaseRecord] {
        let rows = try rows(
            """
            SELECT research_leases.id, user, lookup_hash, seal, research_leases.created, expires, duration
            FROM research_leases JOIN users ON users.id = user WHERE disabled = 0
            """)
        let leases = rows.compactMap { try? Self.researchLease($0) }
        if leases.count < rows.count {
            logger.warning(
                "the catalog has damaged research leases", metadata: ["count": "\(rows.count - leases.count)"])
        }
        return leases
    }

    /// Moves a deadline on, and never back; false if there is no such lease any more.
    func renewResearchLease(_ id: ResearchID, until deadline: UnixTime) throws -> Bool {
        try run(
            "UPDATE research_leases SET expires = max(expires, ?) WHERE id = ?",
            [deadline.value, .text(id.description)]) == 1
    }

    func deleteResearchLeases(_ ids: [ResearchID]) throws {
        for id in ids { try run("DELETE FROM research_leases WHERE id = ?", [.text(id.description)]) }
    }

    func deleteResearchLeases(of user: UserID) throws {
        try run("DELETE FROM research_leases WHERE user = ?", [.text(user.description)])
    }

    func deleteResearchLeases(expiredAt now: UnixTime) throws {
        try run("DELETE FROM research_leases WHERE expires <= ?", [now.value])
    }

    private static func researchLease(_ values: [Value]) throws -> ResearchLeaseRecord {
        let row = CatalogRow(values, of: "research_leases")
        return ResearchLeaseRecord(
            id: try row.id(0), userID: try row.userID(1), lookupHash: try row.digest(2), seal: try row.seal(3),
            created: try row.time(4), expiresAt: try row.time(5), duration: try row.duration(6))
    }
}
