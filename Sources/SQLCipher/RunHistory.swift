/// What a compiled statement's latest runs were like; kept with it in the cache.
public struct RunHistory: Sendable {
    /// A run under this time is quick: some ten point reads.
    public static let quickRun = Duration.microseconds(100)
    /// A run of this time or more is slow. What lies between says nothing: a busy machine makes a point read that long.
    public static let slowRun = Duration.microseconds(250)
    /// The quick runs in a row after which a statement that has been slow is expected to be quick again. One that has
    /// not been slow needs one: every connection that is new to it would have to learn it otherwise.
    public static let expectedAfter = 8

    /// The groups of writes that a statement stays out of after it has upset one.
    public static let groupsToMiss = 64

    /// The quick runs that are missing.
    private var missingRuns = 1
    private var missedGroups = 0

    /// Takes in how long a run took, with the reading of its rows.
    public mutating func record(_ duration: Duration) {
        if duration >= Self.slowRun {
            missingRuns = Self.expectedAfter
        } else if duration < Self.quickRun {
            missingRuns = max(missingRuns - 1, 0)
        }
    }

    /// Whether the next run is expected to be quick.
    public var isQuick: Bool { missingRuns == 0 }

    /// Takes in that it could not share a transaction with others.
    public mutating func upsetGroup() {
        missedGroups = Self.groupsToMiss
    }

    /// Whether it may share a transaction; each refusal counts as a group missed.
    public mutating func mayJoinGroup() -> Bool {
        guard missedGroups > 0 else { return true }
        missedGroups -= 1
        return false
    }
}
