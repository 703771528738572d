import CSQLCipher

extension Connection {
    /// What is wrong with the file, in SQLite's and SQLCipher's words and at most some hundred lines; empty if nothing
    /// is.
    ///
    /// First the authentication of every page
    /// (https://www.zetetic.net/sqlcipher/sqlcipher-api/#cipher_integrity_check), which asks the file and not the log,
    /// then the structure (https://www.sqlite.org/pragma.html#pragma_quick_check). It reads the whole file and blocks
    /// the thread as long. For a connection without an authorizer.
    ///
    /// - Throws: ``SQLiteError`` for what could not be read: then it is not known whether something is wrong.
    public func integrityProblems() throws -> [String] {
        try requireSize()
        let unauthenticated = try firstTexts(of: "PRAGMA cipher_integrity_check")
        // Reading on would only end in the error of the first page that cannot be decrypted.
        guard unauthenticated.isEmpty else { return unauthenticated }
        return try firstTexts(of: "PRAGMA quick_check").filter { $0 != "ok" }
    }

    /// Throws if the size of the file cannot be asked for. SQLCipher 4.6.1 does not look whether it can, and checks as
    /// many pages as a number says that nobody has set: `sqlcipher_codec_ctx_integrity_check` in
    /// https://github.com/sqlcipher/sqlcipher/blob/v4.6.1/src/crypto_impl.c.
    private func requireSize() throws(SQLiteError) {
        let handle = try openHandle()
        var file: UnsafeMutablePointer<sqlite3_file>?
        let found = sqlite3_file_control(handle, "main", SQLITE_FCNTL_FILE_POINTER, &file)
        guard found == SQLITE_OK, let file, let askSize = file.pointee.pMethods?.pointee.xFileSize else {
            throw SQLiteError(.cantOpen, message: "the database has no file")
        }
        var size: sqlite3_int64 = 0
        let result = askSize(file, &size)
        guard result == SQLITE_OK else { throw SQLiteError(result, on: nil) }
    }

    private func firstTexts(of sql: String) throws -> [String] {
        try withStatement(sql) { statement in
            var texts: [String] = []
            while texts.count < 100, try statement.step() {
                // A line that there is no memory for is empty, and tells of a problem all the same.
                guard case .text(let text)? = try statement.row().first, !text.isEmpty else {
                    throw SQLiteError(.outOfMemory, message: "out of memory")
                }
                // One row of the second pragma has many lines.
                for line in text.split(separator: "\n") {
                    if let failure = Self.failure(toldBy: line) { throw failure }
                }
                texts.append(text)
            }
            return texts
        }
    }

    /// Why the check itself has failed, which the pragmas tell among the problems of the file; `nil` for one of these.
    private static func failure(toldBy line: Substring) -> SQLiteError? {
        let code: SQLiteCode
        if line.hasPrefix("HMAC operation failed ") || line.hasSuffix(": out of memory") {
            code = .outOfMemory
        } else if line.hasPrefix("error reading ") || line.hasSuffix(": disk I/O error")
            || line.contains(": failed to get page ")
        {
            code = .ioError
        } else if line.contains("unable to get the page. error code="),
            let number = line.split(separator: "=").last.flatMap({ Int32($0) })
        {
            code = SQLiteCode(rawValue: number)
        } else {
            return nil
        }
        return [.ioError, .outOfMemory].contains(code.primary) ? SQLiteError(code, message: String(line)) : nil
    }
}
