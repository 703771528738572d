/// What the pool knows about the things it pools: how to open, check, clean, interrupt and close one.
///
/// The pool calls `open`, `check` and `close` in tasks of its own on its executor, `drain` and `reset` in the task
/// that acquires or releases, where that task runs, and `interrupt` from any thread. It never calls any of them while
/// it holds its lock.
public protocol ConnectionDriver<Connection>: Sendable {
    /// One pooled connection; the pool tells connections apart by what they are, not by what they equal.
    associatedtype Connection: AnyObject, Sendable

    /// What one who waits for a connection lets the holder of one do in their place.
    associatedtype Errand: Sendable = Never

    /// Opens a connection. Throws ``GrowthRefused`` when there is no room for another one just now.
    func open() async throws -> Connection

    /// Whether a connection that has been idle for long still works.
    func check(_ connection: Connection) async -> Bool

    /// Runs the cleanups that other threads have left for the connection's next holder. Short, and does not block.
    func drain(_ connection: Connection)

    /// Brings a connection back to the state of a new one after a use; must not give up because the task is cancelled.
    nonisolated(nonsending) func reset(_ connection: Connection) async -> ResetResult

    /// Makes the work that runs on the connection end soon. Comes from any thread, at times when the connection has
    /// just been closed, and must be harmless then.
    func interrupt(_ connection: Connection)

    /// Closes a connection. A close that throws has ended all the same: retrying is the driver's part.
    func close(_ connection: Connection) async throws

    /// Why a connection whose use threw `error` may not be used again; `nil` if the error says nothing about it.
    func evictionReason(for error: any Error) -> EvictionReason?
}

/// A driver whose reset waits for nothing, so that a connection can be used without a task.
public protocol SynchronousResetDriver: ConnectionDriver {
    /// ``reset(_:)`` on the caller's thread.
    func resetNow(_ connection: Connection) -> ResetResult
}

extension SynchronousResetDriver {
    /// Resets at once.
    public nonisolated(nonsending) func reset(_ connection: Connection) async -> ResetResult {
        resetNow(connection)
    }
}

/// What a connection is worth after its reset.
public enum ResetResult: Sendable, Equatable {
    /// The connection is as good as new.
    case reusable

    /// The connection cannot be used again and is to be closed.
    case evict(EvictionReason)

    /// Why the connection cannot be used again; `nil` if it can.
    var evictionReason: EvictionReason? {
        if case .evict(let reason) = self { reason } else { nil }
    }
}

/// Thrown by ``ConnectionDriver/open()`` when there is no room for another connection now.
///
/// It is no failure: whoever waits goes on waiting for one of the pool's other connections, and only a pool that has
/// none at all passes it on.
public struct GrowthRefused: Error, Sendable {
    /// Makes the refusal.
    public init() {}
}
