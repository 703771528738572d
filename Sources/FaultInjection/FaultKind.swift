import CFaultInjection

/// What can go wrong under SQLite, and with whole files beside it. See https://www.sqlite.org/rescode.html for the
/// codes.
public enum FaultKind: String, CaseIterable, Sendable {
    /// An allocation of SQLite's or SQLCipher's gives nothing, if it is not for a key.
    case memory
    /// An allocation within `sqlite3_key_v2` gives nothing. SQLCipher loses what the call had allocated before.
    case keying
    /// A file does not open: `SQLITE_CANTOPEN`, as when descriptors are spent.
    case open
    /// A read fails.
    case read
    /// A read of an encrypted file gives half of the bytes, and zeros.
    case shortRead
    /// Half is written, and the write fails.
    case write
    /// Half is written, and the disk is full.
    case full
    /// Nothing is made durable.
    case sync
    /// A file is not cut.
    case truncate
    /// A file's size cannot be asked for.
    case size
    /// A file is not deleted.
    case delete
    /// A lock on a file cannot be taken.
    case lock
    /// A lock on a file cannot be given back.
    case unlock
    /// The index of a log cannot be mapped.
    case indexMap
    /// A lock on the index of a log cannot be taken.
    case indexLock
    /// Past SQLite: a file gets no other name.
    case rename
    /// Past SQLite: a file gets no second name.
    case link
    /// Past SQLite: the names in a directory are not made durable.
    case nameSync

    var code: faults_kind {
        switch self {
        case .memory: FAULTS_MEMORY
        case .keying: FAULTS_KEYING
        case .open: FAULTS_OPEN
        case .read: FAULTS_READ
        case .shortRead: FAULTS_SHORT_READ
        case .write: FAULTS_WRITE
        case .full: FAULTS_FULL
        case .sync: FAULTS_SYNC
        case .truncate: FAULTS_TRUNCATE
        case .size: FAULTS_SIZE
        case .delete: FAULTS_DELETE
        case .lock: FAULTS_LOCK
        case .unlock: FAULTS_UNLOCK
        case .indexMap: FAULTS_SHM_MAP
        case .indexLock: FAULTS_SHM_LOCK
        case .rename: FAULTS_RENAME
        case .link: FAULTS_LINK
        case .nameSync: FAULTS_NAME_SYNC
        }
    }
}

/// One fault: which call goes wrong.
public struct Fault: Sendable, CustomStringConvertible {
    /// What goes wrong.
    public let kind: FaultKind
    /// Which call of the kind's sort, from 1.
    public let call: Int
    /// Whether every call after it goes wrong too.
    public let isLasting: Bool

    /// Makes a fault.
    public init(_ kind: FaultKind, call: Int, isLasting: Bool) {
        self.kind = kind
        self.call = call
        self.isLasting = isLasting
    }

    /// Such as `memory 17` and `sync 2…`.
    public var description: String { "\(kind) \(call)\(isLasting ? "…" : "")" }
}
