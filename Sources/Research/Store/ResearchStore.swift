import Accounts
import SQLCipher
import Timekeeping

/// The researches and findings of one user, in their service database.
struct ResearchStore {
    let connection: Connection
    let now: UnixTime

    func insert(_ id: ResearchID, _ draft: ResearchDraft, leaseExpiresAt: UnixTime) throws {
        try connection.run(
            """
            INSERT INTO researches (id, title, query, state, created, updated, lease_expires)
            VALUES (?, ?, ?, 'running', ?, ?, ?)
            """,
            [
                .text(id.description), .text(draft.title), Value(draft.query), Value(now), Value(now),
                Value(leaseExpiresAt),
            ])
    }

    /// Takes back the record of a research that has not come to start.
    func delete(_ id: ResearchID) throws {
        try connection.run("DELETE FROM researches WHERE id = ?", [.text(id.description)])
    }

    func find(_ id: ResearchID) throws -> ResearchRecord? {
        try connection.firstRow(
            "SELECT \(Self.columns) FROM researches AS r WHERE id = ?", [.text(id.description)]
        ).map(Self.record)
    }

    /// The record; throws `notFound`.
    func record(_ id: ResearchID) throws -> ResearchRecord {
        guard let record = try find(id) else { throw ResearchError.notFound }
        return record
    }

    /// The latest first.
    func list(_ state: ResearchRecord.State?, _ page: PageRequest) throws -> Page<ResearchRecord> {
        let condition = state == nil ? "" : "AND state = ?2"
        return try Page.read(
            page,
            from: connection,
            """
            SELECT \(Self.columns) FROM researches AS r WHERE number < ?1 \(condition) ORDER BY number DESC LIMIT \(page.limit + 1)
            """,
            [.integer(page.cursor ?? .max)] + (state.map { [.text($0.rawValue)] } ?? []),
            cursor: { record, _ in record.number }, Self.record)
    }

    /// Writes what a worker says. Progress never goes back.
    func update(_ id: ResearchID, _ heartbeat: Heartbeat, leaseExpiresAt: UnixTime) throws {
        try connection.run(
            """
            UPDATE researches SET progress = max(progress, ?), message = coalesce(?, message), updated = ?,
                lease_expires = ?
            WHERE id = ?
            """,
            [
                .integer(Int64(heartbeat.progress ?? 0)), Value(heartbeat.message), Value(now), Value(leaseExpiresAt),
                .text(id.description),
            ])
    }

    func end(_ id: ResearchID, _ ending: Ending) throws {
        try connection.run(
            "UPDATE researches SET state = ?, error = ?, result = ?, updated = ?, ended = ? WHERE id = ?",
            [
                .text(ending.state.rawValue), Value(ending.error), Value(ending.result), Value(now), Value(now),
                .text(id.description),
            ])
    }

    /// The researches that the records say are running.
    func running() throws -> [ResearchID] {
        try connection.rows("SELECT id FROM researches WHERE state = 'running'").map { try ServiceRow($0).id(0) }
    }

    /// Records of researches that run no more become `expired`. They may say `running` for as long as nobody looks: the
    /// lease is kept elsewhere, and nothing opens the file only because one has run out.
    func mend(isRunning: (ResearchID) -> Bool) throws {
        for id in try running() where !isRunning(id) {
            try connection.run(
                """
                UPDATE researches SET state = 'expired', updated = ?1, ended = min(lease_expires, ?1) WHERE id = ?2
                """,
                [Value(now), .text(id.description)])
        }
    }

    private static let columns = """
        r.number, id, r.title, query, state, progress, message, error, result, r.created, updated, lease_expires, ended, \
        (SELECT count(*) FROM findings WHERE research = r.number)
        """

    private static func record(_ values: [Value]) throws -> ResearchRecord {
        let row = ServiceRow(values)
        return ResearchRecord(
            id: try row.id(1), title: try row.text(2), query: try row.optionalText(3), state: try row.state(4),
            progress: Int(try row.integer(5)), message: try row.optionalText(6), error: try row.optionalText(7),
            result: try row.optionalText(8), created: try row.time(9), updated: try row.time(10),
            leaseExpiresAt: try row.time(11), ended: try row.optionalTime(12), findings: Int(try row.integer(13)),
            number: try row.integer(0))
    }
}
