import ConnectionPool
import Synchronization

/// Keeps every event of a pool.
final class RecordingObserver: PoolObserver {
    private let recorded = Mutex<[PoolEvent]>([])

    var events: [PoolEvent] { recorded.withLock { $0 } }

    func record(_ event: PoolEvent) {
        recorded.withLock { $0.append(event) }
    }

    func count(where matches: (PoolEvent) -> Bool) -> Int {
        events.count(where: matches)
    }
}
