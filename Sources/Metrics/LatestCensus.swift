import Synchronization

/// The latest census of descriptors, for whoever asks more often than one should be taken.
///
/// A census of thousands of descriptors takes longer than all else that a scrape tells.
public final class LatestCensus: Sendable {
    private struct Latest {
        var number = 0
        var census: DescriptorCensus
    }

    private let latest: Mutex<Latest>
    private let begun = Atomic(0)

    /// Takes the first one.
    public init() {
        latest = Mutex(Latest(census: .take()))
    }

    /// As of the last ``renew()``.
    public var census: DescriptorCensus { latest.withLock { $0.census } }

    /// Takes a census now.
    @discardableResult
    public func renew() -> DescriptorCensus {
        let number = begun.wrappingAdd(1, ordering: .relaxed).newValue
        let census = DescriptorCensus.take()
        // One that began earlier and took longer is older.
        latest.withLock { if number > $0.number { $0 = Latest(number: number, census: census) } }
        return census
    }
}
