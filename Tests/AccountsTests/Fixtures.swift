import Secrets
import Synchronization

@testable import Accounts

extension PasswordHash.Parameters {
    /// The least that Argon2id takes: well under a millisecond.
    static let fastest = try! PasswordHash.Parameters(operations: 1, memoryBytes: 8_192)
}

extension Duration {
    static func hours(_ hours: Double) -> Duration { .seconds(hours * 3_600) }
}

/// Waits until `condition` holds, or throws after ten seconds.
func poll(_ condition: () -> Bool) async throws {
    struct NeverHeld: Error {}
    for _ in 0..<10_000 {
        if condition() { return }
        try await Task.sleep(for: .milliseconds(1))
    }
    throw NeverHeld()
}

/// Counts what it is told.
final class RecordingObserver: AccountsObserver {
    private struct State {
        var onSessionEnd: (@Sendable () -> Void)?
        var hashes = 0
        var logins: [LoginResult: Int] = [:]
        var ended: [SessionID] = []
        var endedLeases: [ResearchID] = []
    }

    private let state = Mutex(State())

    var hashes: Int { state.withLock { $0.hashes } }
    var endedSessions: [SessionID] { state.withLock { $0.ended } }
    var endedLeases: [ResearchID] { state.withLock { $0.endedLeases } }
    func logins(_ result: LoginResult) -> Int { state.withLock { $0.logins[result] ?? 0 } }

    func passwordHashed(in duration: Duration) { state.withLock { $0.hashes += 1 } }
    func loginEnded(_ result: LoginResult) { state.withLock { $0.logins[result, default: 0] += 1 } }

    func researchLeaseEnded(_ lease: ResearchLease) { state.withLock { $0.endedLeases.append(lease.id) } }

    func sessionEnded(_ session: Session) {
        let action = state.withLock { state in
            state.ended.append(session.id)
            return state.onSessionEnd
        }
        action?()
    }

    /// Has something done while the end of a session is announced.
    func onSessionEnd(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.onSessionEnd = action } }
}
