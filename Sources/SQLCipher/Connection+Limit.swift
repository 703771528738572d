import CSQLCipher
import Timekeeping

extension Connection {
    /// Virtual machine instructions between two looks at the deadline while time is short: some microseconds.
    private static let instructionsInHaste: Int32 = 100

    /// Runs `body` with a closer look at the deadline, and with values and rows bounded to `valueBytes`: a larger one
    /// fails with `SQLITE_TOOBIG` instead of being read, which may take thousands of pages within one instruction.
    /// See https://www.sqlite.org/limits.html.
    public func inHaste<Result>(valueBytes: Int, _ body: () throws -> Result) throws -> Result {
        let handle = try openHandle()
        let ordinary = sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Int32(clamping: valueBytes))
        limit.install(on: handle, every: Self.instructionsInHaste)
        defer {
            sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, ordinary)
            limit.install(on: handle)
        }
        return try body()
    }

    /// Stops what the connection does now, and whatever it is asked to do until ``reset()`` or ``clearLimit()``: the
    /// statement fails with ``SQLiteCode/interrupt`` and the given reason.
    ///
    /// From any thread at any time, also while the connection is being closed and after it. It does not wait.
    /// See https://www.sqlite.org/c3ref/interrupt.html.
    public func interrupt(_ request: InterruptionRequest = .unspecified) {
        limit.interrupt(request)
        // SQLite looks at its own flag in places where it does not ask the progress handler, such as a checkpoint.
        interruptible.withLock { handle in
            if let handle { sqlite3_interrupt(handle.pointer) }
        }
        interruptionHandler.withLock { $0 }?()
    }

    /// Has `handler` called when the connection is interrupted, on the thread that does it, or at once if it has been;
    /// nil ends that. For a user who waits for something else while a statement of theirs is open.
    public func onInterruption(_ handler: (@Sendable () -> Void)?) {
        interruptionHandler.withLock { $0 = handler }
        if let handler, limit.isInterruptionRequested { handler() }
    }

    /// Sets the time at which statements are stopped with ``Interruption/deadline``, on the system's monotonic clock;
    /// nil for none. A time that has passed stops the next statement before its first step.
    public func limit(until deadline: MonotonicInstant?) {
        limit.setDeadline(deadline)
    }

    /// Takes the deadline away, and an interruption that was requested, so that the connection's user can go on.
    public func clearLimit() {
        guard limit.clear(), let handle else { return }
        // SQLite keeps its own flag until a statement begins while no other runs.
        var statement: OpaquePointer?
        sqlite3_prepare_v2(handle, ";", -1, &statement, nil)
    }
}
