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
    /// Whether idle connections were closed too.
    public var isReleasePass = false

    init(start: UnixTime) {
        self.start = start
    }
}
