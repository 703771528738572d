import Timekeeping

extension ConnectionPool {
    /// Gives a lease back; see ``Lease/release(after:)``. Throws ``PoolError/foreignLease`` for another pool's lease.
    public nonisolated(nonsending) func release(_ lease: Lease<Driver>, after error: (any Error)? = nil)
        async throws(PoolError)
    {
        let reason = error.flatMap { driver.evictionReason(for: $0) }
        switch try begin(lease, evicting: reason) {
        case .evict(let reason): finish(lease, evicting: reason)
        case .reset:
            driver.drain(lease.connection)
            finish(lease, evicting: await driver.reset(lease.connection).evictionReason)
        }
    }

    /// Gives a lease back and has its connection closed; see ``Lease/evict(_:)``. Throws ``PoolError/foreignLease`` for
    /// another pool's lease.
    public func evict(_ lease: Lease<Driver>, _ reason: EvictionReason) throws(PoolError) {
        switch try begin(lease, evicting: reason) {
        case .evict(let reason): finish(lease, evicting: reason)
        case .reset: preconditionFailure("an eviction asks for no reset")
        }
    }

    func interrupt(_ lease: Lease<Driver>) -> Bool {
        guard decide({ $0.markInterrupted(lease.ticket) }) else { return false }
        driver.interrupt(lease.connection)
        return true
    }

    /// Interrupts the work on the connection that has been leased for longest, and lets it be closed for `reason` when
    /// it comes back. False if there is none that has not been interrupted already.
    ///
    /// - Parameter interrupt: stops the work, from this thread.
    public func interruptOldest(_ reason: EvictionReason, by interrupt: (Driver.Connection) -> Void) -> Bool {
        guard let connection = decide({ $0.markOldest(reason) }) else { return false }
        interrupt(downcast(connection))
        return true
    }

    private func begin(_ lease: Lease<Driver>, evicting reason: EvictionReason?) throws(PoolError) -> ReleaseStep {
        guard lease.pool === self else { throw .foreignLease }
        guard let step = decide({ $0.beginRelease(lease.ticket, evicting: reason) }) else {
            throw .leaseAlreadyReleased
        }
        return step
    }

    private func finish(_ lease: Lease<Driver>, evicting reason: EvictionReason?) {
        end { $0.finishRelease(lease.ticket, evicting: reason, now: $1) }
    }

    /// Makes the transition that ends a lease, and does what follows from it.
    private func end(
        _ transition: (inout PoolStateMachine<Waiter>, _ now: MonotonicInstant) -> (
            used: Int64, actions: [PoolAction<Waiter>]
        )
    ) {
        let now = time.now
        let (used, actions) = decide { transition(&$0, now) }
        observer?.record(.released(used: .nanoseconds(used)))
        perform(actions)
    }
}

extension ConnectionPool where Driver: SynchronousResetDriver {
    /// Uses an idle connection for the time of `body`, without a task, and gives it back however that ends. `nil`, and
    /// `body` is not called, if ``leaseIfIdle(file:line:)`` has none.
    public func withIdleConnection<Outcome>(
        file: StaticString = #fileID, line: UInt = #line, _ body: (Driver.Connection) throws -> Outcome
    ) throws -> Outcome? {
        guard let grant = grantIdle(AcquireSite(file: file, line: line)) else { return nil }
        let connection = accept(grant)
        let outcome: Outcome
        do {
            outcome = try body(connection)
        } catch {
            giveBack(connection, grant.ticket, evicting: driver.evictionReason(for: error))
            throw error
        }
        giveBack(connection, grant.ticket, evicting: nil)
        return outcome
    }

    /// Resets the connection while it is leased still, so that the lease ends in one transition.
    private func giveBack(_ connection: Driver.Connection, _ ticket: LeaseTicket, evicting reason: EvictionReason?) {
        let reason = reason ?? resetNow(connection).evictionReason
        end { $0.release(ticket, evicting: reason, now: $1) }
    }

    private func resetNow(_ connection: Driver.Connection) -> ResetResult {
        driver.drain(connection)
        return driver.resetNow(connection)
    }
}
