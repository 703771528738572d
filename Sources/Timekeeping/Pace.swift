/// Lets nobody keep something by taking nothing of it.
public struct Pace: Sendable {
    private let time: any TimeSource
    private let limit: Duration

    /// Makes a pace at which one step may take `limit`.
    public init(time: any TimeSource, limit: Duration) {
        self.time = time
        self.limit = limit
    }

    /// Throws ``ClientTooSlow`` if `step` takes longer; it is cancelled and waited for then.
    public func step(_ step: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { [time, limit] group in
            group.addTask { try await step() }
            group.addTask {
                try await time.sleep(for: limit)
                throw ClientTooSlow()
            }
            defer { group.cancelAll() }
            try await group.next()
        }
    }
}

/// A client took too little of what it had asked for, and what it held is needed for others.
public struct ClientTooSlow: Error {
    /// Makes the error.
    public init() {}
}
