import Synchronization
import Timekeeping

extension ConnectionPool {
    /// Leases a connection: an idle one at once, otherwise the next that comes back or is opened, first come, first
    /// served.
    ///
    /// `timeout` bounds the whole acquire and is the configuration's unless given. Throws ``PoolError``.
    ///
    /// Stays on the caller's executor, as do the other calls on the way of every request: each hop to another costs
    /// more than the pool's own work.
    public nonisolated(nonsending) func lease(
        timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line
    ) async throws(PoolError) -> Lease<Driver> {
        guard let lease = try await lease(leaving: nil, timeout: timeout, site: AcquireSite(file: file, line: line))
        else { preconditionFailure("an errand was done that nobody had left") }
        return lease
    }

    /// Leases a connection, or returns `nil` if the holder of one has done the errand instead.
    nonisolated(nonsending) func lease(
        leaving errand: Driver.Errand?, timeout: Duration?, site: AcquireSite
    ) async throws(PoolError) -> Lease<Driver>? {
        guard !Task.isCancelled else { throw .cancelled }
        let now = time.now
        if let grant = decide({ $0.leaseIdle(site: site, now: now) }) { return makeLease(grant) }
        return try await leaseAfterWait(
            leaving: errand, site: site, deadline: now.advanced(by: timeout ?? acquireTimeout))
    }

    /// Leases an idle connection if there is one that nobody waits for and that needs no check. Never waits, never
    /// opens.
    public func leaseIfIdle(file: StaticString = #fileID, line: UInt = #line) -> Lease<Driver>? {
        grantIdle(AcquireSite(file: file, line: line)).map(makeLease)
    }

    func grantIdle(_ site: AcquireSite) -> Grant? {
        let now = time.now
        return decide { $0.leaseIdle(site: site, now: now) }
    }

    /// Leases a connection for the time of `body`, and gives it back however that ends.
    ///
    /// When the task is cancelled, the connection is interrupted; `body` is waited for, and then the connection is
    /// closed. Throws ``PoolError`` if there is no connection, and whatever `body` throws.
    public nonisolated(nonsending) func withConnection<Outcome>(
        timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) (Driver.Connection) async throws -> Outcome
    ) async throws -> Outcome {
        try await use(try await lease(timeout: timeout, file: file, line: line), body)
    }

    nonisolated(nonsending) func use<Outcome>(
        _ lease: Lease<Driver>, _ body: nonisolated(nonsending) (Driver.Connection) async throws -> Outcome
    ) async throws -> Outcome {
        guard !Task.isCancelled else {
            // The connection was handed over before the cancellation came: unused, it can go to the next.
            try await lease.release()
            throw PoolError.cancelled
        }
        let outcome: Outcome
        do {
            outcome = try await withTaskCancellationHandler {
                try await body(lease.connection)
            } onCancel: {
                lease.interrupt()
            }
        } catch {
            try await lease.release(after: error)
            throw error
        }
        try await lease.release()
        return outcome
    }

    private nonisolated(nonsending) func leaseAfterWait(
        leaving errand: Driver.Errand?, site: AcquireSite, deadline: MonotonicInstant
    ) async throws(PoolError) -> Lease<Driver>? {
        let id = WaiterID(number: lastWaiterNumber.wrappingAdd(1, ordering: .relaxed).newValue)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(continuation: continuation, errand: errand)
                let now = time.now
                let queued = decide { machine in
                    machine.enqueue(waiter, as: id, site: site, deadline: deadline, now: now)
                }
                switch queued {
                case .failure(let error): continuation.resume(returning: .failure(error))
                case .success(let actions):
                    perform(actions)
                    // A cancellation that came before the waiter was in the queue found nothing to cancel.
                    if Task.isCancelled { cancel(id) }
                }
            }
        } onCancel: {
            cancel(id)
        }
        switch outcome {
        case .success(let grant): return grant.map(makeLease)
        case .failure(let error):
            observer?.record(.acquireFailed(error))
            throw error
        }
    }

    private func cancel(_ id: WaiterID) {
        perform(decide { $0.cancel(id) })
    }

    private func makeLease(_ grant: Grant) -> Lease<Driver> {
        Lease(connection: accept(grant), pool: self, ticket: grant.ticket)
    }

    /// The connection, fit for its new holder.
    func accept(_ grant: Grant) -> Driver.Connection {
        let connection = downcast(grant.connection)
        driver.drain(connection)
        observer?.record(.acquired(waited: .nanoseconds(grant.waited)))
        return connection
    }
}
