import Timekeeping

/// Lets nobody keep something by taking nothing of it.
struct Pace: Sendable {
    let time: any TimeSource
    /// How long one step may take.
    let limit: Duration

    /// Throws ``ClientTooSlow`` if `step` takes longer; it is cancelled and waited for then.
    func step(_ step: @escaping @Sendable () async throws -> Void) async throws {
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
public struct ClientTooSlow: Error {}
