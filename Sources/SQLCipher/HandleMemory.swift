import CSQLCipher

/// Where SQLite keeps what each read of a connection needs, to be fetched into the processor's cache beforehand.
///
/// With a thousand connections in turn none of it is there. Asked for together it comes together; SQLite comes upon one
/// line after the other, and waits some 50 ns for each. The sizes are those of SQLite 3.46, as SQLCipher 4.6 has it.
/// They are hints: where another version keeps something else, or something was freed meanwhile, nothing is gained and
/// little lost.
struct HandleMemory {
    private let handle: OpaquePointer
    /// Behind the pager and the table of its pages, in one block with them. See `sqlite3PagerOpen` in SQLite's pager.c.
    private var database: UnsafeMutableRawPointer?
    /// Behind the state of the log, in one block with it, except for the connection that has put the file into WAL
    /// mode. See `sqlite3WalOpen` in SQLite's wal.c.
    private var log: UnsafeMutableRawPointer?

    /// Looks up where the memory is, of a handle that has read from its database.
    init(of handle: OpaquePointer) {
        self.handle = handle
        sqlite3_file_control(handle, nil, SQLITE_FCNTL_FILE_POINTER, &database)
        sqlite3_file_control(handle, nil, SQLITE_FCNTL_JOURNAL_POINTER, &log)
    }

    func prefetch() {
        coffer_prefetch(UnsafeRawPointer(handle), 0, 824)
        coffer_prefetch(database, 424, 256)
        coffer_prefetch(log, 144, 120)
    }

    /// The same for a compiled statement.
    static func prefetch(statement: OpaquePointer) {
        coffer_prefetch(UnsafeRawPointer(statement), 0, 304)
    }
}

extension Connection {
    /// Says that a statement is about to run, so that the processor fetches what it will need. Worth it for one that is
    /// short.
    public func prefetch() {
        memory?.prefetch()
    }
}
