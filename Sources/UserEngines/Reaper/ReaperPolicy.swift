import Timekeeping

/// What a pass of the reaper does with each engine: a pure function of what it sees.
struct ReaperPolicy: Sendable {
    /// Engines that nobody has used for this long close, live session or not, but not under a live research.
    var engineIdleTimeout: Duration

    /// Decides about one engine; `nil` leaves it.
    ///
    /// The registry decides again, under its lock, with the state of that moment: what appears between here and there
    /// is seen there.
    func decision(about engine: EngineSnapshot, at now: MonotonicInstant) -> CloseReason? {
        guard engine.uses == 0 else { return nil }
        if !engine.isActive || engine.isStuck { return .reaped }
        if engine.hasResearch { return nil }
        return engine.lastUsed.duration(to: now) >= engineIdleTimeout ? .idle : nil
    }
}

/// One engine as a pass of the reaper sees it.
public struct EngineSnapshot: Sendable, Equatable {
    /// Whose engine it is.
    public var user: UserID
    /// Requests that use it now.
    public var uses: Int
    /// When the last use began or ended.
    public var lastUsed: MonotonicInstant
    /// Whether a session or a research of the user is live.
    public var isActive: Bool
    /// Whether a research of the user is live: its worker may think for long between two calls.
    public var hasResearch = false
    /// Whether its close has failed and is to be tried again, whoever is active.
    public var isStuck = false
}
