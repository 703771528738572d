import CSQLCipher

/// What a connection is after ``Connection/reset()``.
public enum ResetOutcome: Hashable, Sendable {
    /// As when it was opened, but with warm caches.
    case asNew
    /// Something that a statement has done is still there: the connection must not be used for anything else.
    case changed(StatementFacts)
    /// It could not be rolled back: close it.
    case failed(SQLiteError)
}

extension ResetOutcome: CustomStringConvertible {
    private enum Word: String, CaseIterable {
        case attachedDatabase = "attached_database"
        case changedSetting = "changed_setting"
        case temporaryObject = "temporary_object"
        case rollbackFailed = "rollback_failed"
    }

    /// The descriptions of all outcomes but ``asNew``.
    public static var words: [String] { Word.allCases.map(\.rawValue) }

    /// The reason in a word, for a log line or a metric's label.
    public var description: String {
        let word: Word? =
            switch self {
            case .asNew: nil
            case .changed(let facts) where facts.contains(.attaches): .attachedDatabase
            case .changed(let facts) where facts.contains(.changesSetting): .changedSetting
            case .changed: .temporaryObject
            case .failed: .rollbackFailed
            }
        return word?.rawValue ?? "as_new"
    }
}

extension Connection {
    /// Ends the present use: statements that are still out end, an open transaction is rolled back, interruption and
    /// deadline are taken away, the last rowid is forgotten.
    ///
    /// A temporary object, a changed setting or an attached database is not undone but reported.
    public func reset() -> ResetOutcome {
        guard handle != nil else { return .failed(.closed) }
        endLentStatements()
        clearLimit()
        do {
            if isInTransaction { try execute("ROLLBACK") }
        } catch {
            return .failed(error)
        }
        forgetLastInsertRowID()
        defer { residue = [] }
        return residue.isEmpty ? .asNew : .changed(residue)
    }

    /// Finalizes every statement that is out; those who still have one get ``SQLiteCode/misuse`` from it.
    func endLentStatements() {
        // One that was dropped is among them too.
        guard !compiled.lent.isEmpty else { return }
        deferred.revoke()
        for statement in compiled.removeAllLent() { sqlite3_finalize(statement) }
    }
}
