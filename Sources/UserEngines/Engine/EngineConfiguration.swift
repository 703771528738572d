import SQLCipher

/// The limits of one user's engine.
public struct EngineConfiguration: Sendable {
    /// Reader connections at most, beside the one writer.
    public var readers = 3
    /// How long a request waits for a connection, from the queue to the health check.
    public var acquireTimeout: Duration = .seconds(5)
    /// How many requests may wait for a connection of one role.
    public var acquireQueue = 64
    /// Idle connections older than this are closed by the periodic pass.
    public var connectionIdleTimeout: Duration = .seconds(300)
    /// Connections older than this are replaced.
    public var connectionLifetime: Duration = .seconds(3600)
    /// A lease older than this is reported with the place that took it.
    public var leakThreshold: Duration = .seconds(60)
    /// How long running statements get when the engine closes, before they are interrupted.
    public var drainTimeout: Duration = .seconds(10)
    /// What a commit waits for.
    public var synchronous: ConnectionConfiguration.Synchronous = .full
    /// Bytes of one text or blob, and of one statement's text.
    public var maximumValueBytes = 16 << 20
    /// Bytes of one user's database.
    public var maximumDatabaseBytes = 1 << 30
    /// Bytes of one user's write-ahead log, beyond which readers that keep it from being emptied are cut.
    public var maximumLogBytes = 64 << 20
    /// How long such a reader gets to end by itself.
    var logPatience: Duration = .seconds(1)

    /// Which writes share a commit.
    var writeGroups = WriteGroupBounds()

    /// How long an engine's first connection waits for its descriptors: a little less than its request waits for the
    /// connection, so that the request learns the cause.
    var budgetTimeout: Duration { acquireTimeout * 0.9 }

    /// Makes the default limits.
    public init() {}
}
