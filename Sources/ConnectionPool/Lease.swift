/// The right to use one connection until it is given back, which is done exactly once.
///
/// A copy is the same lease: once any of them has been released, all of them are refused.
public struct Lease<Driver: ConnectionDriver>: Sendable {
    /// The connection; not to be touched after the release.
    public let connection: Driver.Connection

    let pool: ConnectionPool<Driver>
    let ticket: LeaseTicket

    /// Gives the connection back. It is reset first, in this task, and then handed to whoever waits.
    ///
    /// With the error that its use ended with, if any, the driver decides whether the connection can be used again.
    /// Throws ``PoolError/leaseAlreadyReleased`` for a second release, which changes nothing.
    public nonisolated(nonsending) func release(after error: (any Error)? = nil) async throws(PoolError) {
        try await pool.release(self, after: error)
    }

    /// Gives the connection back to be closed. Throws ``PoolError/leaseAlreadyReleased`` for a second release.
    public func evict(_ reason: EvictionReason) throws(PoolError) {
        try pool.evict(self, reason)
    }

    /// Interrupts the work that runs on the connection, from any thread, and lets the connection be closed when the
    /// lease comes back. False, and without effect, if it has come back.
    @discardableResult
    public func interrupt() -> Bool {
        pool.interrupt(self)
    }
}
