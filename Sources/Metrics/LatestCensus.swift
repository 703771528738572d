import Synchronization

/// The latest census of descriptors, for whoever asks more often than one should be taken.
///
/// A census of thousands of descriptors takes longer than all else that a scrape tells.
public final class LatestCensus: Sendable {
    private let latest: Mutex<DescriptorCensus>

    /// Takes the first one.
    public init() {
        latest = Mutex(.take())
    }

    /// As of the last ``renew()``.
    public var census: DescriptorCensus { latest.withLock { $0 } }

    /// Takes a census now.
    @discardableResult
    public func renew() -> DescriptorCensus {
        let census = DescriptorCensus.take()
        latest.withLock { $0 = census }
        return census
    }
}
