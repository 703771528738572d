/// The per-user lock tables, in the order in which they may be nested: an earlier one is never awaited while a later
/// one is held, and none while a connection is leased.
public struct UserLocks: Sendable {
    /// What a table's locks protect; the `table` label of `coffer_user_lock_entries`.
    public enum Table: String, Sendable, CaseIterable {
        /// Work that needs a user's files to itself: deleting, restoring, rotating the key.
        case maintenance
        /// One backup at a time.
        case backup
        /// Counting a user's researches and starting one more.
        case researchAdmission = "research_admission"
        /// Preparing what a user's database must have before its first use.
        case initialization
    }

    /// Maintenance of a user's files.
    public let maintenance = KeyedLocks<UserID>()
    /// Backups of a user's files.
    public let backup = KeyedLocks<UserID>()
    /// Starts of a user's researches.
    public let researchAdmission = KeyedLocks<UserID>()
    /// Initialization of a user's database.
    public let initialization = KeyedLocks<UserID>()

    /// Makes empty tables.
    public init() {}

    /// One table.
    public subscript(table: Table) -> KeyedLocks<UserID> {
        switch table {
        case .maintenance: maintenance
        case .backup: backup
        case .researchAdmission: researchAdmission
        case .initialization: initialization
        }
    }

    /// A user's locks that are held.
    func heldCount(of user: UserID) -> Int {
        Table.allCases.count { self[$0].isHeld(user) }
    }
}
