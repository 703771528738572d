import SQLCipher

/// What a user's SQL may not do to the server, or to the promise that their data is encrypted.
///
/// Plain text reaches the disk by `ATTACH`, `VACUUM INTO` and `sqlcipher_export`; the key is reached by the `key` and
/// `cipher_*` pragmas; temporary objects and settings would outlive the request on a pooled connection.
struct UserAuthorizer: StatementAuthorizer {
    func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision {
        switch action.operation {
        case .attach, .detach:
            .deny
        case .createTemporaryIndex, .createTemporaryTable, .createTemporaryTrigger, .createTemporaryView,
            .dropTemporaryIndex, .dropTemporaryTable, .dropTemporaryTrigger, .dropTemporaryView:
            .deny
        case .pragma:
            PragmaRule.allows(action.firstArgument, hasValue: action.secondArgument != nil) ? .allow : .deny
        case .function:
            Self.refusedFunctions.contains(action.secondArgument?.lowercased() ?? "") ? .deny : .allow
        case .createVirtualTable:
            Self.virtualTableModules.contains(action.secondArgument?.lowercased() ?? "") ? .allow : .deny
        case .createIndex, .createTable, .createTrigger, .createView, .delete, .dropIndex, .dropTable, .dropTrigger,
            .dropView, .insert, .read, .select, .transaction, .update, .alterTable, .reindex, .analyze,
            .dropVirtualTable, .savepoint, .recursive:
            action.isTemporary && action.operation != .read && !Self.isPartOfRenaming(action) ? .deny : .allow
        }
    }

    /// `ALTER TABLE … RENAME` looks for what it has to rename in the schema of temporary objects too, of which there
    /// are none. A statement that names this table itself is refused by SQLite.
    private static func isPartOfRenaming(_ action: borrowing AuthorizerAction) -> Bool {
        action.operation == .update && action.firstArgument == "sqlite_temp_master"
    }

    private static let refusedFunctions: Set<String> = ["load_extension", "sqlcipher_export", "fts3_tokenizer"]

    /// Modules that keep their data in the user's own file and read nothing else.
    private static let virtualTableModules: Set<String> = ["fts4", "fts5", "rtree", "rtree_i32"]
}

/// Which pragmas a user may call, and in which form. See https://www.sqlite.org/pragma.html.
private enum PragmaRule {
    /// The form with a value.
    enum Value {
        /// Refused: it would set something.
        case refused
        /// The value says what to read, or is kept in the user's own file.
        case allowed
    }

    static func allows(_ name: String?, hasValue: Bool) -> Bool {
        guard let name, let rule = rules[name.lowercased()] else { return false }
        return !hasValue || rule == .allowed
    }

    private static let rules: [String: Value] = [
        "application_id": .allowed, "auto_vacuum": .refused, "collation_list": .refused,
        "compile_options": .refused, "data_version": .refused, "defer_foreign_keys": .allowed,
        "encoding": .refused, "foreign_key_check": .allowed, "foreign_key_list": .allowed,
        "foreign_keys": .refused, "freelist_count": .refused, "function_list": .refused,
        "index_info": .allowed, "index_list": .allowed, "index_xinfo": .allowed, "integrity_check": .allowed,
        "journal_mode": .refused, "max_page_count": .refused, "module_list": .refused, "optimize": .allowed,
        "page_count": .refused, "page_size": .refused, "pragma_list": .refused, "quick_check": .allowed,
        "recursive_triggers": .refused, "schema_version": .refused, "synchronous": .refused,
        "table_info": .allowed, "table_list": .allowed, "table_xinfo": .allowed, "user_version": .allowed,
    ]
}
