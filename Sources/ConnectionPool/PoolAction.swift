/// What is to be done after a transition, once the lock is free.
enum PoolAction<Waiter: Sendable>: Sendable {
    /// Ends a waiter's wait.
    case resume(Waiter, Result<Grant, PoolError>)
    /// Opens a connection for the order's slot.
    case open(OpenOrder)
    /// Checks whether an idle connection still works.
    case check(SlotID, PooledConnection)
    /// Closes a connection that has left the pool.
    case close(SlotID, PooledConnection, EvictionReason)
    /// Interrupts the work that runs on a connection.
    case interrupt(PooledConnection)
    /// Reports a lease that has become too old.
    case leakSuspected(LeakReport)
    /// Reports that such a lease has come back.
    case leakEnded(LeakReport)
    /// Has ``PoolStateMachine/ring(_:now:)`` called at the order's instant.
    case setAlarm(AlarmOrder)
    /// Tells those who close the pool that the last connection is closed.
    case finishClose
}
