import Accounts
import Timekeeping

/// What is kept of a research, in its user's own encrypted file.
public struct ResearchRecord: Sendable, Equatable {
    /// Where a research is. `running` becomes one of the others, and none of those becomes anything else.
    public enum State: String, Sendable, CaseIterable {
        case running
        /// Its worker was done.
        case completed
        /// Its worker gave up.
        case failed
        /// Its user, or its worker, called it off.
        case cancelled
        /// No heartbeat came in time.
        case expired
    }

    /// Its name.
    public let id: ResearchID
    /// What its user calls it.
    public let title: String
    /// What it is to find out.
    public let query: String?
    /// Where it is.
    public let state: State
    /// Whole percents, 0 to 100; never less than before.
    public let progress: Int
    /// What its worker said last.
    public let message: String?
    /// Why it failed.
    public let error: String?
    /// What came out of it, as JSON text.
    public let result: String?
    /// When it was started.
    public let created: UnixTime
    /// When the record was last changed.
    public let updated: UnixTime
    /// When the lease runs out unless a heartbeat comes; of one that has ended, when it would have.
    public let leaseExpiresAt: UnixTime
    /// When it ended; for an expired one, when its lease ran out.
    public let ended: UnixTime?
    /// The number of its findings.
    public let findings: Int

    /// Its place in the order in which researches were started.
    let number: Int64
}

/// A part of a list.
public struct Page<Item: Sendable>: Sendable {
    /// The items.
    public var items: [Item]
    /// Where the next part begins; `nil` at the end of the list.
    public var next: Int64?
}

/// Which part of a list.
public struct PageRequest: Sendable {
    /// The most items.
    public var limit: Int
    /// The `next` of the part before; `nil` for the first part.
    public var cursor: Int64?
    /// The most bytes of text: a part ends early rather than being larger, but has an item if there is one.
    public var maximumBytes: Int

    /// Asks for a part.
    public init(limit: Int, cursor: Int64? = nil, maximumBytes: Int) {
        self.limit = limit
        self.cursor = cursor
        self.maximumBytes = maximumBytes
    }
}
