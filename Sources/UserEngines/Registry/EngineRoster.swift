import Synchronization

/// The engines that are open or closing, for those who only look: that must not take the lock that requests wait for.
///
/// Changed when an engine opens and when it has closed, never by a request that finds its engine open.
final class EngineRoster: Sendable {
    private let engines = Mutex<[UserID: Engine]>([:])

    var all: [Engine] { Array(engines.withLock { $0 }.values) }

    func insert(_ engine: Engine) {
        engines.withLock { $0[engine.user] = engine }
    }

    /// Removes this engine, and not a successor of the same user.
    func remove(_ engine: Engine) {
        engines.withLock { engines in
            if engines[engine.user] === engine { engines[engine.user] = nil }
        }
    }
}
