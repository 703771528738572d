/// Where the bytes of a database lie that is no plain file: SQLite reads and writes them through this, and never looks
/// beside it for a log or a journal.
///
/// The database belongs to one connection at a time, so there are no locks. The calls come from the thread that uses
/// it.
public protocol DatabaseStorage: AnyObject, Sendable {
    /// How many bytes there are.
    var byteCount: Int64 { get }

    /// Fills `buffer` with the bytes from `offset` on, all of which are there.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DatabaseStorageError)

    /// Writes over what is there from `offset` on, or behind it.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DatabaseStorageError)

    /// Drops what lies behind the first `count` bytes.
    func truncate(to count: Int64) throws(DatabaseStorageError)
}

/// Why a ``DatabaseStorage`` did not do what it was asked.
public enum DatabaseStorageError: Error, Hashable, Sendable {
    /// There is no room left.
    case full
    /// The medium failed, or the bytes are not those that were written.
    case failed
}
