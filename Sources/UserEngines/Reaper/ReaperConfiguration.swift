/// When the reaper runs.
public struct ReaperConfiguration: Sendable {
    /// Between the end of a pass and the next.
    public var interval: Duration = .seconds(300)
    /// Each interval is longer or shorter by up to this, so that many servers do not work in step.
    public var jitter: Duration = .seconds(30)
    /// Between two release passes.
    public var releaseInterval: Duration = .seconds(1800)
    /// Engines that nobody has used for this long close, live session or not: their token reopens them. Those of a live
    /// research stay.
    public var engineIdleTimeout: Duration = .seconds(900)

    /// Makes the default configuration.
    public init() {}
}
