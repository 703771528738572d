/// The versions that a database's tables have had. A version is never changed once released.
///
/// The version lies in the file itself (https://www.sqlite.org/pragma.html#pragma_user_version).
public struct SchemaMigrations: Sendable {
    private let steps: [String]

    /// Takes the SQL that leads from each version to the next; the first makes version 1 of an empty file.
    public init(_ steps: [String]) {
        self.steps = steps
    }

    /// The version that this program writes.
    public var version: Int { steps.count }

    /// The versions up to `version`, as an earlier program knew them.
    public func prefix(_ version: Int) -> SchemaMigrations {
        SchemaMigrations(Array(steps.prefix(version)))
    }

    /// Brings the file to the present version in one transaction: it has that version afterwards, or the one it had.
    ///
    /// - Throws: ``SchemaError`` for a file from a newer program; what SQLite says.
    public func apply(to connection: Connection) throws {
        try connection.transaction {
            guard case .integer(let stored)? = try connection.firstRow("PRAGMA user_version")?.first else {
                throw SQLiteError(.corrupt, message: "the database has no version")
            }
            guard stored <= version else { throw SchemaError.newer(found: Int(stored), supported: version) }
            for step in steps.dropFirst(Int(max(0, stored))) { try connection.execute(step) }
            if stored < version { try connection.execute("PRAGMA user_version = \(version)") }
        }
    }
}

/// Why the tables of a database cannot be used.
public enum SchemaError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A newer program wrote them.
    case newer(found: Int, supported: Int)

    /// A sentence for the operator.
    public var description: String {
        switch self {
        case .newer(let found, let supported):
            "the database has schema version \(found), and this program knows versions up to \(supported)"
        }
    }
}
