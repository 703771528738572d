import Glibc
import Secrets
import Synchronization

@testable import Accounts

extension PasswordHash.Parameters {
    /// The least that Argon2id takes: well under a millisecond.
    static let fastest = try! PasswordHash.Parameters(operations: 1, memoryBytes: 8_192)
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

/// Counts hashes and logins.
final class HashCounter: AccountsObserver {
    private let state = Mutex<(hashes: Int, logins: [LoginResult: Int])>((0, [:]))

    var hashes: Int { state.withLock { $0.hashes } }
    func logins(_ result: LoginResult) -> Int { state.withLock { $0.logins[result] ?? 0 } }

    func passwordHashed(in duration: Duration) { state.withLock { $0.hashes += 1 } }
    func loginEnded(_ result: LoginResult) { state.withLock { $0.logins[result, default: 0] += 1 } }
}
