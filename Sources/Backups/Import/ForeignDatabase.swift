import Logging
import SQLCipher
import Secrets
import Timekeeping

/// A database that somebody else has made, and that nothing is believed of.
struct ForeignDatabase {
    /// The first bytes of a database that is not encrypted: https://www.sqlite.org/fileformat2.html#magic_header_string
    static let header = Array("SQLite format 3\0".utf8)

    let file: EncryptedTemporaryFile
    /// What opens it; `nil` for a plain one.
    let passphrase: GuardedBytes?

    /// Opens it for reading, until `deadline`. Its schema can call no function that does more than compute, and no
    /// statement can do more than read.
    ///
    /// - Throws: ``ObjectError`` for a schema that is too large to be read; `SQLiteError`.
    func open(_ limits: StatementLimits, until deadline: MonotonicInstant, _ logger: Logger) throws -> Connection {
        let configuration = ConnectionConfiguration(
            path: "", fileSystem: .storage(file), access: .queryOnly, limits: limits,
            schemaBounds: SchemaBounds(deadline: deadline), authorizer: ReadingAuthorizer(), logger: logger)
        do {
            guard let passphrase else { return try Connection.open(configuration, key: nil) }
            return try passphrase.withUnsafeBytes { try Connection.open(configuration, passphrase: $0) }
        } catch let error as SQLiteError where error.code == .tooBig {
            throw ObjectError("the schema", error)
        }
    }
}

/// Lets statements read, and look at the database's own description. Virtual tables prepare the writing of their
/// content when they are looked at; nothing can be written to what is opened for reading.
private struct ReadingAuthorizer: StatementAuthorizer {
    func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision {
        switch action.operation {
        case .read, .select, .function, .pragma, .recursive, .insert, .update, .delete: .allow
        default: .deny
        }
    }
}
