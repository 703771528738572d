import Accounts

extension Researches {
    /// Adds findings, all or none; with the research's own token.
    ///
    /// One whose key the research has already is left as it is, so that a batch may be sent again.
    public func add(
        _ drafts: [FindingDraft], to id: ResearchID, by access: DataAccess
    ) async throws -> [AddedFinding] {
        guard (1...FindingDraft.batchLimit).contains(drafts.count) else {
            throw ResearchError.invalidField("items", "must have 1 to \(FindingDraft.batchLimit) findings")
        }
        _ = try await ownLease(id, access)
        return try await withRunning(id, access) { [events] store in
            let added = try store.connection.transaction { try store.add(drafts, to: Self.running(store.record(id))) }
            for (draft, finding) in zip(drafts, added) where finding.isNew {
                events.publish(.finding, json: EventText.finding(finding.id, draft), of: id)
            }
            return added
        }
    }

    /// The findings of a research in the order in which they came. A research's token reads those of its own alone.
    public func findings(
        of id: ResearchID, _ page: PageRequest, by access: DataAccess
    ) async throws -> Page<Finding> {
        let findings = try await withStore(access) { try $0.findings(of: $0.record(id), page) }
        try Self.requireOwn(id, access)
        return findings
    }

    /// The findings of all the user's researches that match, the best first.
    public func search(
        _ query: SearchQuery, _ page: PageRequest, by access: DataAccess
    ) async throws -> Page<SearchHit> {
        try await withStore(access) { try $0.search(query, page) }
    }
}
