import CSQLCipher

extension Connection {
    /// Lets SQL write to the tables in which virtual tables keep their content, which is refused otherwise: for copying
    /// such content as it is. See https://www.sqlite.org/vtab.html#the_xshadowname_method.
    public func setShadowTablesWritable(_ isWritable: Bool) throws(SQLiteError) {
        let handle = try openHandle()
        let result = coffer_sqlite3_db_config_flag(handle, Int32(SQLITE_DBCONFIG_DEFENSIVE), isWritable ? 0 : 1, nil)
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
        // A statement that was compiled before keeps what held then.
        for statement in compiled.removeAllIdle() { sqlite3_finalize(statement) }
    }
}
