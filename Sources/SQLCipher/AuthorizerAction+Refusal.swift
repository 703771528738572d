extension AuthorizerAction {
    /// The operation in the words of SQL, with the name of the pragma, function or table, and never with a value.
    var refusal: String {
        switch operation {
        case .pragma: "PRAGMA \(firstArgument ?? "")"
        case .function: "the function \(secondArgument ?? "")"
        case .attach: "ATTACH"
        case .detach: "DETACH"
        case .transaction: firstArgument ?? "transaction control"
        case .savepoint: "SAVEPOINT"
        case .select: "SELECT"
        case .recursive: "a recursive query"
        case .read: "reading \(firstArgument ?? "")"
        case .insert: "INSERT into \(firstArgument ?? "")"
        case .update: "UPDATE of \(firstArgument ?? "")"
        case .delete: "DELETE from \(firstArgument ?? "")"
        case .alterTable: "ALTER TABLE \(secondArgument ?? "")"
        case .analyze: "ANALYZE"
        case .reindex: "REINDEX"
        case .createIndex, .createTemporaryIndex: "CREATE INDEX \(firstArgument ?? "")"
        case .createTable: "CREATE TABLE \(firstArgument ?? "")"
        case .createTemporaryTable: "CREATE TEMP TABLE \(firstArgument ?? "")"
        case .createTrigger: "CREATE TRIGGER \(firstArgument ?? "")"
        case .createTemporaryTrigger: "CREATE TEMP TRIGGER \(firstArgument ?? "")"
        case .createView: "CREATE VIEW \(firstArgument ?? "")"
        case .createTemporaryView: "CREATE TEMP VIEW \(firstArgument ?? "")"
        case .createVirtualTable: "CREATE VIRTUAL TABLE \(firstArgument ?? "")"
        case .dropIndex, .dropTemporaryIndex: "DROP INDEX \(firstArgument ?? "")"
        case .dropTable, .dropTemporaryTable, .dropVirtualTable: "DROP TABLE \(firstArgument ?? "")"
        case .dropTrigger, .dropTemporaryTrigger: "DROP TRIGGER \(firstArgument ?? "")"
        case .dropView, .dropTemporaryView: "DROP VIEW \(firstArgument ?? "")"
        }
    }
}
