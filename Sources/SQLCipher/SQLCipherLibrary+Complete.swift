import CSQLCipher

extension SQLCipherLibrary {
    /// Whether a text ends with the semicolon of a statement, which is not part of a literal, a comment or a trigger.
    /// See https://www.sqlite.org/c3ref/complete.html.
    public static func isComplete(_ sql: String) -> Bool {
        sqlite3_complete(sql) == 1
    }
}
