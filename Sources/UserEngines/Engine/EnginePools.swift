import Synchronization

/// The pools of one engine, for their drivers, which are made before them. It does not keep them alive.
final class EnginePools: Sendable {
    private struct Reference {
        weak var pool: Engine.Pool?
    }

    private let references = Mutex<[PoolRole: Reference]>([:])

    func set(_ pools: [PoolRole: Engine.Pool]) {
        references.withLock { $0 = pools.mapValues { Reference(pool: $0) } }
    }

    /// Closes the connections of the other roles that are idle, and those that are in use when they come back.
    func closeIdle(except role: PoolRole) {
        let others = references.withLock { $0.filter { $0.key != role }.values.compactMap(\.pool) }
        for pool in others { pool.closeIdle() }
    }
}
