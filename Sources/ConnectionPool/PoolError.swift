/// Why a pool gave no connection, or did not take one back.
public enum PoolError: Error, Sendable {
    /// The acquire's deadline came first. Holds the pool's state at that moment and the error of its last open, if no
    /// open has succeeded since.
    case timeout(PoolOccupancy, lastOpenError: (any Error)?)
    /// As many acquires as may wait were waiting already.
    case queueFull(PoolOccupancy)
    /// The pool is closed or being closed.
    case closed
    /// The acquiring task was cancelled.
    case cancelled
    /// The connection that was being opened for this acquire could not be opened.
    case openFailed(any Error)
    /// The lease has been given back before; the pool is unchanged.
    case leaseAlreadyReleased
    /// The lease belongs to another pool; both pools are unchanged.
    case foreignLease

    /// A word for each case, which does not change.
    public var code: String {
        switch self {
        case .timeout: "pool_timeout"
        case .queueFull: "pool_queue_full"
        case .closed: "pool_closed"
        case .cancelled: "cancelled"
        case .openFailed: "open_failed"
        case .leaseAlreadyReleased: "lease_already_released"
        case .foreignLease: "foreign_lease"
        }
    }
}

extension PoolError: CustomStringConvertible {
    /// The error in a sentence, for logs.
    public var description: String {
        switch self {
        case .timeout(let occupancy, let error):
            "no connection before the deadline: \(occupancy)" + (error.map { "; last open error: \($0)" } ?? "")
        case .queueFull(let occupancy): "too many acquires wait already: \(occupancy)"
        case .closed: "the pool is closed"
        case .cancelled: "the acquire was cancelled"
        case .openFailed(let error): "no connection could be opened: \(error)"
        case .leaseAlreadyReleased: "the lease has been released before"
        case .foreignLease: "the lease belongs to another pool"
        }
    }
}
