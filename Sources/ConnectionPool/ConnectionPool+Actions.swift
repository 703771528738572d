import Logging
import Timekeeping

extension ConnectionPool {
    /// Does what a transition asked for. Called without the lock.
    func perform(_ actions: [PoolAction<Waiter>]) {
        for action in actions {
            switch action {
            case .resume(let waiter, let outcome):
                waiter.continuation.resume(returning: outcome.map(Optional.some))
            case .open(let order): start { await $0.open(order.take()) }
            case .check(let slot, let connection): start { await $0.check(slot, connection) }
            case .close(let slot, let connection, let reason):
                observer?.record(.evicted(reason))
                logger.debug("closing a connection", metadata: ["reason": "\(reason)"])
                start { await $0.close(slot, connection) }
            case .interrupt(let connection): driver.interrupt(downcast(connection))
            case .leakSuspected(let report):
                observer?.record(.leakSuspected(report))
                logger.warning(
                    "a lease is out for long", metadata: ["site": "\(report.site)", "age": "\(report.age)"])
            case .leakEnded(let report):
                observer?.record(.leakEnded(report))
                logger.warning(
                    "a lease that was out for long came back",
                    metadata: ["site": "\(report.site)", "age": "\(report.age)"])
            case .setAlarm(let order): start(order)
            case .finishClose: allClosed.give()
            }
        }
    }

    private func start(_ order: AlarmOrder) {
        alarm.set(order) {
            Task.detached(executorPreference: executor) { [self] in
                do {
                    try await time.sleep(until: order.instant)
                } catch {
                    return  // Overtaken, or nobody waits any more.
                }
                perform(decide { $0.ring(order, now: time.now) })
            }
        }
    }

    /// The machine holds nothing but what this pool's driver has opened.
    func downcast(_ connection: PooledConnection) -> Driver.Connection {
        unsafeDowncast(connection, to: Driver.Connection.self)
    }

    /// Starts work that belongs to the pool and not to whoever happened to cause it: it outlives that task's
    /// cancellation and holds none of its values.
    private func start(_ work: @escaping @Sendable (ConnectionPool) async -> Void) {
        Task.detached(executorPreference: executor) { [self] in await work(self) }
    }

    private func open(_ permit: consuming OpenPermit) async {
        let began = time.now
        let result: Result<Driver.Connection, any Error>
        do {
            result = .success(try await driver.open())
        } catch {
            result = .failure(error)
        }
        let now = time.now
        let duration = began.duration(to: now)
        // A noncopyable value cannot be consumed inside a closure, but taken out of an optional.
        var permit = Optional(permit)
        switch result {
        case .success(let connection):
            observer?.record(.opened(in: duration))
            let jitter = jitter()
            perform(decide { $0.opened(permit.take()!, connection, jitter: jitter, now: now) })
        case .failure(let refusal as GrowthRefused):
            observer?.record(.openFailed(refusal, after: duration))
            perform(decide { $0.openAbandoned(permit.take()!, refusal) })
        case .failure(let error):
            observer?.record(.openFailed(error, after: duration))
            logger.warning("a connection could not be opened", metadata: ["error": "\(error)"])
            perform(decide { $0.openFailed(permit.take()!, error, now: now) })
        }
    }

    private func check(_ slot: SlotID, _ connection: PooledConnection) async {
        let isHealthy = await driver.check(downcast(connection))
        let now = time.now
        perform(decide { $0.checked(slot, isHealthy: isHealthy, now: now) })
    }

    private func close(_ slot: SlotID, _ connection: PooledConnection) async {
        let began = time.now
        var failure: (any Error)?
        do {
            try await driver.close(downcast(connection))
        } catch {
            failure = error
        }
        let now = time.now
        let duration = began.duration(to: now)
        if let failure {
            observer?.record(.closeFailed(failure, after: duration))
            logger.error("a close failed", metadata: ["error": "\(failure)"])
        } else {
            observer?.record(.closed(in: duration))
        }
        let failed = failure != nil
        perform(decide { $0.closed(slot, failed: failed, now: now) })
    }
}
