import Timekeeping

extension TimeSource {
    /// Waits for `event`, and cancels it at `deadline`.
    func wait(until deadline: MonotonicInstant, for event: @escaping @Sendable () async -> Void) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await event() }
            group.addTask { try? await sleep(until: deadline) }
            await group.next()
            group.cancelAll()
        }
    }
}
