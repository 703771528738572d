import Synchronization

/// The pools of one engine, for their drivers, which are made before them. They keep each other alive until the engine
/// clears it: to something that is referred to weakly, all other references go by way of a table.
final class EnginePools: Sendable {
    private let pools = Mutex<[PoolRole: Engine.Pool]>([:])

    func set(_ pools: [PoolRole: Engine.Pool]) {
        self.pools.withLock { $0 = pools }
    }

    /// Forgets the pools; nothing is closed by that.
    func clear() {
        // They are let go after the lock has been left.
        _ = pools.withLock { pools in
            let last = pools
            pools = [:]
            return last
        }
    }

    /// Closes the connections of the other roles that are idle, and those that are in use when they come back.
    func closeIdle(except role: PoolRole) {
        let others = pools.withLock { $0.filter { $0.key != role }.values }
        for pool in others { pool.closeIdle() }
    }
}
