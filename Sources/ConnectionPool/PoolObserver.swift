/// Told about everything that happens in a pool, to feed metrics. Called outside the pool's lock, from any thread.
public protocol PoolObserver: AnyObject, Sendable {
    /// Records one event. Runs on the path of every acquire and release: short, and does not block.
    func record(_ event: PoolEvent)
}

/// Something that happened in a pool.
public enum PoolEvent: Sendable {
    /// A lease was given after a wait; zero if a connection was idle.
    case acquired(waited: Duration)
    /// A wait ended without a lease because the holder of one has done the errand.
    case errandDone(waited: Duration)
    /// An acquire ended without a lease.
    case acquireFailed(PoolError)
    /// A lease came back after a use, which includes the connection's reset.
    case released(used: Duration)
    /// A connection was opened.
    case opened(in: Duration)
    /// An open failed or was refused.
    case openFailed(any Error, after: Duration)
    /// A connection left the pool and is about to be closed.
    case evicted(EvictionReason)
    /// A connection was closed.
    case closed(in: Duration)
    /// A close ended with an error.
    case closeFailed(any Error, after: Duration)
    /// A lease has become older than the leak threshold; reported once for each lease.
    case leakSuspected(LeakReport)
    /// A suspected leak has come back.
    case leakEnded(LeakReport)
}

/// Where a lease was taken.
public struct AcquireSite: Sendable, CustomStringConvertible {
    /// The source file, as `#fileID` gives it.
    public let file: StaticString
    /// The line in the file.
    public let line: UInt

    /// Makes a site.
    public init(file: StaticString = #fileID, line: UInt = #line) {
        self.file = file
        self.line = line
    }

    /// `file:line`.
    public var description: String { "\(file):\(line)" }
}

/// A lease that is, or was, out for longer than the leak threshold.
public struct LeakReport: Sendable {
    /// Where the lease was taken.
    public let site: AcquireSite
    /// How long it has been out.
    public let age: Duration
}
