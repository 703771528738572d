import Logging

/// How a connection is opened.
public struct ConnectionConfiguration: Sendable {
    /// Which of SQLite's interfaces to the file system. See https://www.sqlite.org/vfs.html.
    public enum FileSystem: Sendable {
        /// `unix-excl`: all connections are of this process, others are kept out by the kernel; no `-shm` file. No
        /// other code may open and close the file meanwhile: POSIX drops the process's locks with any descriptor.
        case unixExclusive
        /// `unix`: other processes may use the file too.
        case unix
        /// A file that nobody changes: read without locks, without a log and without leaving a trace beside it.
        /// See https://www.sqlite.org/uri.html#uriimmutable.
        case immutable
        /// No file at all: see ``DatabaseStorage``. The path means nothing, and the journal is in memory. With
        /// ``Access/queryOnly`` it is read like ``immutable``.
        case storage(any DatabaseStorage)
    }

    /// What makes a transaction all or nothing. See https://www.sqlite.org/pragma.html#pragma_journal_mode.
    public enum Journal: Sendable {
        /// A write-ahead log beside the file.
        case writeAheadLog
        /// Memory alone: for a new file, which is thrown away if it does not become complete.
        case memory
    }

    /// What the connection's statements may do.
    public enum Access: Sendable {
        /// Reading and writing.
        case readWrite
        /// Reading; a write fails with `SQLITE_READONLY`. The file is opened for writing nevertheless, so that the
        /// connection can share descriptors with others and clean up after itself.
        case queryOnly
    }

    /// When a commit is on the disk. See https://www.sqlite.org/pragma.html#pragma_synchronous.
    public enum Synchronous: String, Sendable {
        /// When it returns.
        case full = "FULL"
        /// At the next checkpoint; a power failure may lose it, but damages nothing.
        case normal = "NORMAL"
    }

    /// The path of the database file.
    public var path: String
    /// The interface to the file system; all connections of one file use the same.
    public var fileSystem: FileSystem
    /// What makes a transaction all or nothing; without meaning for ``FileSystem/immutable``.
    public var journal: Journal
    /// What the connection's statements may do.
    public var access: Access
    /// Whether a missing file is created, with mode 0600. Otherwise it is `SQLITE_CANTOPEN`.
    public var createIfMissing: Bool
    /// When a commit is on the disk.
    public var synchronous: Synchronous
    /// How long a statement waits for another connection's lock before `SQLITE_BUSY`.
    public var busyTimeout: Duration
    /// The most memory for pages, in KiB.
    public var cacheKiB: Int
    /// How many compiled statements are kept for reuse.
    public var statementCacheCapacity: Int
    /// The largest size the file may grow to, in bytes, rounded down to pages; nil for SQLite's own limit (16 TiB).
    public var maximumDatabaseBytes: Int?
    /// What one statement may consist of.
    public var limits: StatementLimits
    /// What reading the schema may cost; nil for a database of our own making.
    public var schemaBounds: SchemaBounds?
    /// The policy for statements; nil allows everything.
    public var authorizer: (any StatementAuthorizer)?
    /// Called after each commit with the bytes of the write-ahead log, on the connection's thread, inside the call that
    /// committed.
    public var committed: (@Sendable (_ logBytes: Int64) -> Void)?
    /// Called while a statement runs, every thousand instructions or less, on the connection's thread.
    public var progressed: (@Sendable () -> Void)?
    /// Where a failed or unclean close is reported.
    public var logger: Logger

    /// Makes a configuration.
    public init(
        path: String, fileSystem: FileSystem = .unixExclusive, journal: Journal = .writeAheadLog,
        access: Access = .readWrite,
        createIfMissing: Bool = false, synchronous: Synchronous = .full, busyTimeout: Duration = .seconds(5),
        cacheKiB: Int = 2048, statementCacheCapacity: Int = 32, maximumDatabaseBytes: Int? = nil,
        limits: StatementLimits = StatementLimits(), schemaBounds: SchemaBounds? = nil,
        authorizer: (any StatementAuthorizer)? = nil,
        committed: (@Sendable (_ logBytes: Int64) -> Void)? = nil,
        progressed: (@Sendable () -> Void)? = nil,
        logger: Logger = Logger(label: "coffer.sqlcipher")
    ) {
        self.path = path
        self.fileSystem = fileSystem
        self.journal = journal
        self.access = access
        self.createIfMissing = createIfMissing
        self.synchronous = synchronous
        self.busyTimeout = busyTimeout
        self.cacheKiB = cacheKiB
        self.statementCacheCapacity = statementCacheCapacity
        self.maximumDatabaseBytes = maximumDatabaseBytes
        self.limits = limits
        self.schemaBounds = schemaBounds
        self.authorizer = authorizer
        self.committed = committed
        self.progressed = progressed
        self.logger = logger
    }

    /// Whether nobody changes the database as long as the connection is open.
    var isUnchanging: Bool {
        switch fileSystem {
        case .immutable: true
        case .storage: access == .queryOnly
        case .unixExclusive, .unix: false
        }
    }
}
