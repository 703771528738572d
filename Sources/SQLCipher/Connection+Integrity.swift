extension Connection {
    /// What is wrong with the file, in SQLite's and SQLCipher's words and at most some hundred lines; empty if nothing is.
    ///
    /// First the authentication of every page (https://www.zetetic.net/sqlcipher/sqlcipher-api/#cipher_integrity_check),
    /// which asks the file and not the log, then the structure (https://www.sqlite.org/pragma.html#pragma_quick_check).
    /// It reads the whole file and blocks the thread as long. For a connection without an authorizer.
    public func integrityProblems() throws -> [String] {
        let unauthenticated = try firstTexts(of: "PRAGMA cipher_integrity_check")
        // Reading on would only end in the error of the first page that cannot be decrypted.
        guard unauthenticated.isEmpty else { return unauthenticated }
        return try firstTexts(of: "PRAGMA quick_check").filter { $0 != "ok" }
    }

    private func firstTexts(of sql: String) throws -> [String] {
        try withStatement(sql) { statement in
            var texts: [String] = []
            while texts.count < 100, try statement.step() {
                if case .text(let text)? = try statement.row().first { texts.append(text) }
            }
            return texts
        }
    }
}
