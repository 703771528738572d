import SQLCipher

extension BackupError {
    /// What a user is told about a database that they sent: the object, what is wrong with it, and nothing of its
    /// content.
    ///
    /// A failure that says nothing about the database stays as it is.
    static func ofImport(_ error: any Error) -> any Error {
        let object = (error as? ObjectError)?.object
        let cause = (error as? ObjectError)?.cause ?? error
        let reason: String
        switch cause {
        case let error as SQLiteError:
            switch error.code {
            case .full, .ioError, .outOfMemory, .interrupt, .cantOpen: return error
            case .notADatabase: reason = "no database, or another passphrase"
            // The refused operation's name, which is no more than what the object does.
            case .authorization: reason = error.message
            default: reason = error.extendedCode.name
            }
        case is StatementError, is ForeignStatement:
            reason = "its text in the schema is not one statement that makes it"
        case is UnreadableText: reason = "its text in the schema cannot be read"
        default: return cause
        }
        return BackupError.invalidDatabase([object.map { "\($0): \(reason)" } ?? reason])
    }
}
