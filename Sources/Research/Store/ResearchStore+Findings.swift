import Accounts
import SQLCipher

extension ResearchStore {
    /// Adds findings, but those whose key the research has already.
    func add(_ drafts: [FindingDraft], to research: ResearchRecord) throws -> [AddedFinding] {
        try drafts.map { draft in
            if let key = draft.key, let id = try findingID(key, of: research) {
                return AddedFinding(id: id, isNew: false)
            }
            try connection.run(
                """
                INSERT INTO findings (research, client_key, kind, title, url, content, data, created)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(research.number), Value(draft.key), .text(draft.kind), .text(draft.title),
                    Value(draft.url), .text(draft.content), Value(draft.data), Value(now),
                ])
            let id = connection.lastInsertRowID
            try connection.run(
                "INSERT INTO findings_text (rowid, title, content) VALUES (?, ?, ?)",
                [.integer(id), .text(draft.title), .text(draft.content)])
            return AddedFinding(id: id, isNew: true)
        }
    }

    /// The findings of a research in the order in which they came.
    func findings(of research: ResearchRecord, _ page: PageRequest) throws -> Page<Finding> {
        try Page.read(
            page,
            from: connection,
            """
            SELECT \(Self.findingColumns) FROM findings AS f JOIN researches AS r ON r.number = f.research
            WHERE f.research = ?1 AND f.number > ?2 ORDER BY f.number LIMIT \(page.limit + 1)
            """,
            [.integer(research.number), .integer(page.cursor ?? 0)], cursor: { finding, _ in finding.id }, Self.finding)
    }

    /// The findings of all researches that match, the best first; a cursor is the number of those before.
    func search(_ query: SearchQuery, _ page: PageRequest) throws -> Page<SearchHit> {
        let offset = page.cursor ?? 0
        return try Page.read(
            page,
            from: connection,
            """
            SELECT \(Self.findingColumns), snippet(findings_text, -1, '', '', '…', 24)
            FROM findings_text JOIN findings AS f ON f.number = findings_text.rowid
                JOIN researches AS r ON r.number = f.research
            WHERE findings_text MATCH ?1 ORDER BY findings_text.rank, f.number LIMIT \(page.limit + 1) OFFSET ?2
            """,
            [.text(query.expression), .integer(offset)], cursor: { _, count in offset + Int64(count) },
            { SearchHit(finding: try Self.finding($0), snippet: try ServiceRow($0).text(9)) })
    }

    private func findingID(_ key: String, of research: ResearchRecord) throws -> Int64? {
        try connection.firstRow(
            "SELECT number FROM findings WHERE research = ? AND client_key = ?",
            [.integer(research.number), .text(key)]
        ).map { try ServiceRow($0).integer(0) }
    }

    private static let findingColumns =
        "f.number, r.id, f.client_key, f.kind, f.title, f.url, f.content, f.data, f.created"

    private static func finding(_ values: [Value]) throws -> Finding {
        let row = ServiceRow(values)
        return Finding(
            id: try row.integer(0), research: try row.id(1), key: try row.optionalText(2), kind: try row.text(3),
            title: try row.text(4), url: try row.optionalText(5), content: try row.text(6),
            data: try row.optionalText(7), created: try row.time(8))
    }
}
