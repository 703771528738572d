import Glibc

/// One thing that a statement wants to do, put before a ``StatementAuthorizer``.
///
/// It cannot be copied and so cannot be kept: its strings are SQLite's own and end with the call. They become Swift
/// strings only when asked for. See https://www.sqlite.org/c3ref/c_alter_table.html for what each operation passes.
public struct AuthorizerAction: ~Copyable {
    /// What is to be done.
    public let operation: Operation

    /// Whether SQLite asks on behalf of a statement that already runs: `VACUUM` attaches, a full-text table works on
    /// its own tables, and a changed schema has a statement prepared again.
    public let isNested: Bool

    private let first: UnsafePointer<CChar>?
    private let second: UnsafePointer<CChar>?
    private let databaseName: UnsafePointer<CChar>?
    private let source: UnsafePointer<CChar>?

    init(
        _ operation: Operation, isNested: Bool, first: UnsafePointer<CChar>?, second: UnsafePointer<CChar>?,
        database: UnsafePointer<CChar>?, source: UnsafePointer<CChar>?
    ) {
        self.operation = operation
        self.isNested = isNested
        self.first = first
        self.second = second
        self.databaseName = database
        self.source = source
    }

    /// The first argument: the pragma's name, the table, the index, the file to attach, `BEGIN`, ….
    public var firstArgument: String? { first.map { String(cString: $0) } }

    /// The second argument: the pragma's value, the column, the function's name, the savepoint's name, ….
    public var secondArgument: String? { second.map { String(cString: $0) } }

    /// `main`, `temp`, or the name of an attached database, where the operation has one.
    public var database: String? { databaseName.map { String(cString: $0) } }

    /// The innermost trigger or view that contains the code; nil for the statement's own.
    public var trigger: String? { source.map { String(cString: $0) } }

    /// Whether the operation is on the database of temporary objects.
    public var isTemporary: Bool {
        // ALTER TABLE alone has the database first, and passes no database name.
        (operation == .alterTable ? first : databaseName).map { strcmp($0, "temp") == 0 } ?? false
    }
}

extension AuthorizerAction {
    /// The operations that SQLite asks about, with its numbers.
    public enum Operation: Int32, Sendable {
        /// `CREATE INDEX`: index, table.
        case createIndex = 1
        /// `CREATE TABLE`: table.
        case createTable = 2
        /// `CREATE INDEX` on a temporary table: index, table.
        case createTemporaryIndex = 3
        /// `CREATE TEMP TABLE`: table.
        case createTemporaryTable = 4
        /// `CREATE TEMP TRIGGER`: trigger, table.
        case createTemporaryTrigger = 5
        /// `CREATE TEMP VIEW`: view.
        case createTemporaryView = 6
        /// `CREATE TRIGGER`: trigger, table.
        case createTrigger = 7
        /// `CREATE VIEW`: view.
        case createView = 8
        /// `DELETE`: table.
        case delete = 9
        /// `DROP INDEX`: index, table.
        case dropIndex = 10
        /// `DROP TABLE`: table.
        case dropTable = 11
        /// `DROP INDEX` on a temporary table: index, table.
        case dropTemporaryIndex = 12
        /// `DROP TABLE` of a temporary table: table.
        case dropTemporaryTable = 13
        /// `DROP TRIGGER` of a temporary trigger: trigger, table.
        case dropTemporaryTrigger = 14
        /// `DROP VIEW` of a temporary view: view.
        case dropTemporaryView = 15
        /// `DROP TRIGGER`: trigger, table.
        case dropTrigger = 16
        /// `DROP VIEW`: view.
        case dropView = 17
        /// `INSERT`: table.
        case insert = 18
        /// `PRAGMA`: name, value or nil.
        case pragma = 19
        /// Reading a column: table, column.
        case read = 20
        /// `SELECT`
        case select = 21
        /// `BEGIN`, `COMMIT`, `ROLLBACK`: which.
        case transaction = 22
        /// `UPDATE`: table, column.
        case update = 23
        /// `ATTACH`: the file, or nil if it is an expression.
        case attach = 24
        /// `DETACH`: database.
        case detach = 25
        /// `ALTER TABLE`: database, table. The new name of `RENAME TO` is not passed.
        case alterTable = 26
        /// `REINDEX`: index.
        case reindex = 27
        /// `ANALYZE`: table.
        case analyze = 28
        /// `CREATE VIRTUAL TABLE`: table, module.
        case createVirtualTable = 29
        /// `DROP TABLE` of a virtual table: table, module.
        case dropVirtualTable = 30
        /// Calling a function: nil, its name.
        case function = 31
        /// `SAVEPOINT`, `RELEASE`, `ROLLBACK TO`: which, its name.
        case savepoint = 32
        /// A recursive common table expression.
        case recursive = 33
    }
}
