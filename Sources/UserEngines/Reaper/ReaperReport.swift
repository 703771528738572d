import Timekeeping

/// What one pass did.
public struct ReaperReport: Sendable, Equatable {
    /// When it began.
    public var start: UnixTime
    /// How long it took.
    public var duration: Duration = .zero
    /// Engines closed.
    public var closed = 0
    /// Engines whose close failed, and which the next pass tries again.
    public var failed = 0
    /// Engines that somebody came to need between the look and the close.
    public var skipped = 0
    /// Locks still held of users whose engines were to be closed. An entry goes with its last holder, so that no other
    /// is left of them.
    public var locksHeld = 0
    /// Whether idle connections were closed too.
    public var isReleasePass = false

    init(start: UnixTime) {
        self.start = start
    }
}

/// What all passes of a reaper have done.
struct ReaperTotals {
    var runs = 0
    var closed = 0
    var failed = 0
    var skipped = 0
    var releases = 0

    mutating func add(_ report: ReaperReport) {
        runs += 1
        closed += report.closed
        failed += report.failed
        skipped += report.skipped
        releases += report.isReleasePass ? 1 : 0
    }
}
