import Timekeeping

extension ConnectionPool {
    /// Closes the pool: new acquires and those that wait are refused, idle connections are closed at once, leased
    /// ones and those being opened when they come back. After `deadline` what is still in use is interrupted and gets
    /// `grace` more.
    ///
    /// Returns when everything is closed or the times are over, with what is then still there (a total of zero:
    /// nothing). Closing twice is fine: the second call waits for the same end. Cancelling the task does not end the
    /// wait.
    @discardableResult
    public func close(deadline: Duration, grace: Duration = .seconds(5)) async -> PoolOccupancy {
        let interruptAt = time.now.advanced(by: deadline)
        perform(decide { $0.beginClose() })
        if await !allClosed.wait(until: interruptAt) {
            perform(decide { $0.interruptAll() })
            _ = await allClosed.wait(until: interruptAt.advanced(by: grace))
        }
        return statistics.occupancy
    }
}
