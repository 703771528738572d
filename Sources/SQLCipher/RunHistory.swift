/// What a compiled statement's latest runs were like; kept with it in the cache.
public struct RunHistory: Sendable {
    /// A run under this time is quick: some ten point reads.
    public static let quickRun = Duration.microseconds(100)
    /// The quick runs in a row after which the next is expected to be quick too.
    public static let expectedAfter = 8

    /// The groups of writes that a statement stays out of after it has upset one.
    public static let groupsToMiss = 64

    private var quickRuns = 0
    private var missedGroups = 0

    /// Takes in how long a run took, with the reading of its rows.
    public mutating func record(_ duration: Duration) {
        quickRuns = duration < Self.quickRun ? min(quickRuns + 1, Self.expectedAfter) : 0
    }

    /// Whether the next run is expected to be quick.
    public var isQuick: Bool { quickRuns == Self.expectedAfter }

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
