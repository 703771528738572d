import Timekeeping

extension EngineRegistry {
    /// Every engine that a pass of the reaper may have to do with. The lock is taken for one at a time, so that no
    /// request waits the longer the more there are, and activity is asked outside it.
    func snapshots() -> [EngineSnapshot] {
        roster.all.compactMap { engine in
            guard var snapshot = decide({ $0.snapshot(of: engine.user) }) else { return nil }
            snapshot.isActive = activity.isActive(engine.user)
            snapshot.hasResearch = activity.isActive(engine.user, by: .research)
            return snapshot
        }
    }

    /// Carries out what the policy decided, if it still holds: check and close are one decision under the lock.
    func reap(_ user: UserID, reason: CloseReason, idleTimeout: Duration) async -> ReapOutcome {
        let limit = time.now.advanced(by: .zero - idleTimeout)
        let closing = decide { state in
            reason == .idle
                ? state.closeIfIdle(
                    user, since: limit, reason: reason, hasResearch: activity.isActive(user, by: .research))
                : state.closeIfUnused(user, reason: reason, isActive: activity.isActive(user))
        }
        guard let closing else { return .skipped }
        return await close(closing) ? .closed : .failed
    }

    /// Closes a user's connections that have been idle or open for too long; with `releasingIdle` it checkpoints the
    /// log and closes every idle one, to give back their descriptors. Leased connections are left to work.
    func maintain(_ user: UserID, releasingIdle: Bool) async {
        await withEngineIfOpen(of: user) { engine in
            if releasingIdle {
                do {
                    try await engine.releaseIdleConnections()
                } catch {
                    engine.checkpointFailed(error)
                }
            }
            engine.maintain()
        }
    }
}

/// What became of one engine that the reaper wanted to close.
enum ReapOutcome: Sendable {
    case closed
    /// The close failed; the next pass tries again.
    case failed
    /// Somebody has come to need it since.
    case skipped
}
