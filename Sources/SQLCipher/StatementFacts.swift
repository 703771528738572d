/// What a statement does, as SQLite's authorizer told while it was prepared.
///
/// This says more than `sqlite3_stmt_readonly`, which also holds for `COMMIT`, `SAVEPOINT`, `ATTACH` and pragmas.
/// `EXPLAIN` has the facts of what it explains.
public struct StatementFacts: OptionSet, Hashable, Sendable {
    /// The bits.
    public let rawValue: UInt32

    /// Makes a set from its bits.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Reads a table.
    public static let reads = StatementFacts(rawValue: 1 << 0)
    /// Writes to a table of the database; also set by a change of the schema, which writes to `sqlite_schema`.
    public static let writes = StatementFacts(rawValue: 1 << 1)
    /// Writes to a temporary table.
    public static let writesTemporary = StatementFacts(rawValue: 1 << 2)
    /// Creates, alters or drops a table, index, view, trigger or virtual table of the database.
    public static let changesSchema = StatementFacts(rawValue: 1 << 3)
    /// Creates, alters or drops a temporary object.
    public static let changesTemporarySchema = StatementFacts(rawValue: 1 << 4)
    /// `BEGIN`, `COMMIT`, `ROLLBACK`.
    public static let transactionControl = StatementFacts(rawValue: 1 << 5)
    /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`.
    public static let savepoint = StatementFacts(rawValue: 1 << 6)
    /// A pragma in any form.
    public static let pragma = StatementFacts(rawValue: 1 << 7)
    /// A pragma that sets something on the connection, which would outlive its present use.
    public static let changesSetting = StatementFacts(rawValue: 1 << 8)
    /// `ATTACH`
    public static let attaches = StatementFacts(rawValue: 1 << 9)
    /// `DETACH`
    public static let detaches = StatementFacts(rawValue: 1 << 10)

    /// Calls a function that can make much out of little within one instruction, which nothing interrupts.
    public static let callsUnboundedFunction = StatementFacts(rawValue: 1 << 11)

    /// What a connection does not lose when its transaction is rolled back.
    static let residual: StatementFacts = [.writesTemporary, .changesTemporarySchema, .changesSetting, .attaches]
}

extension StatementFacts {
    init(_ action: borrowing AuthorizerAction) {
        switch action.operation {
        case .read: self = .reads
        case .insert, .update, .delete: self = action.isTemporary ? .writesTemporary : .writes
        case .createIndex, .createTable, .createTrigger, .createView, .createVirtualTable, .dropIndex, .dropTable,
            .dropTrigger, .dropView, .dropVirtualTable, .alterTable, .analyze, .reindex:
            self = action.isTemporary ? .changesTemporarySchema : .changesSchema
        case .createTemporaryIndex, .createTemporaryTable, .createTemporaryTrigger, .createTemporaryView,
            .dropTemporaryIndex, .dropTemporaryTable, .dropTemporaryTrigger, .dropTemporaryView:
            self = .changesTemporarySchema
        case .transaction: self = .transactionControl
        case .savepoint: self = .savepoint
        case .pragma: self = Self.isSetting(action) ? [.pragma, .changesSetting] : .pragma
        case .attach: self = .attaches
        case .detach: self = .detaches
        case .function:
            self = action.secondArgument.map(BoundedFunctions.contains) ?? false ? [] : .callsUnboundedFunction
        case .recursive, .select: self = []
        }
    }

    private static func isSetting(_ pragma: borrowing AuthorizerAction) -> Bool {
        guard pragma.secondArgument != nil, let name = pragma.firstArgument else { return false }
        return !argumentIsNoSetting.contains(name.lowercased())
    }

    /// Pragmas whose argument says what to read or do, or is kept in the file and not on the connection.
    /// See https://www.sqlite.org/pragma.html.
    private static let argumentIsNoSetting: Set<String> = [
        "application_id", "cipher_integrity_check", "foreign_key_check", "foreign_key_list", "incremental_vacuum",
        "index_info", "index_list", "index_xinfo", "integrity_check", "optimize", "quick_check", "table_info",
        "table_list", "table_xinfo", "user_version", "wal_checkpoint",
    ]
}
