/// An errand that the holder of a connection has taken from the queue: ended or put back once.
public struct TakenErrand<Driver: ConnectionDriver>: Sendable {
    /// What is to be done.
    public let errand: Driver.Errand

    let waiter: TakenWaiter<ConnectionPool<Driver>.Waiter>
}

/// The holder of a connection may do what those want who wait behind it, where that is cheaper together than one after
/// the other. Their places in the queue stay theirs: it takes from the front alone, and gives back to the front.
extension ConnectionPool {
    /// Leases a connection for the time of `body` like ``withConnection(timeout:file:line:_:)``, or returns `nil` when
    /// the holder of one has done the errand meanwhile.
    ///
    /// An errand that has been taken is out of reach of the deadline and of the task's cancellation until it has ended
    /// or been put back.
    public nonisolated(nonsending) func withConnection<Outcome>(
        leaving errand: Driver.Errand, timeout: Duration? = nil, file: StaticString = #fileID, line: UInt = #line,
        _ body: nonisolated(nonsending) (Driver.Connection) async throws -> Outcome
    ) async throws -> Outcome? {
        let site = AcquireSite(file: file, line: line)
        guard let lease = try await lease(leaving: errand, timeout: timeout, site: site) else { return nil }
        return try await use(lease, body)
    }

    /// Whether the one who has waited longest has left an errand that is wanted.
    public func isErrandNext(where isWanted: (Driver.Errand) -> Bool) -> Bool {
        guard gauges.occupancy.waiting > 0 else { return false }
        return decide { $0.isFirstWaiter { $0.errand.map(isWanted) ?? false } }
    }

    /// Takes the errand of the one who has waited longest, if there is one and it is wanted.
    public func takeErrand(where isWanted: (Driver.Errand) -> Bool) -> TakenErrand<Driver>? {
        guard let waiter = decide({ $0.takeWaiter { $0.errand.map(isWanted) ?? false } }) else { return nil }
        return TakenErrand(errand: waiter.entry.waiter.errand!, waiter: waiter)
    }

    /// Ends the waits of those whose errands have been done.
    public func end(_ errands: [TakenErrand<Driver>]) {
        let now = time.now
        for taken in errands {
            observer?.record(.errandDone(waited: .nanoseconds(now.nanoseconds(since: taken.waiter.entry.since))))
            taken.waiter.entry.waiter.continuation.resume(returning: .success(nil))
        }
    }

    /// Lets those wait on whose errands have not been done, in their order and before all others.
    public func putBack(_ errands: [TakenErrand<Driver>]) {
        guard !errands.isEmpty else { return }
        let now = time.now
        perform(decide { $0.putBack(errands.map(\.waiter), now: now) })
    }
}
